import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { readIfValid, writeAtomically } from '../send/atomic-file.ts'

const Page = v.object({ html: v.string(), css: v.string(), js: v.string(), worker: v.string() })

/** The console's page, ready to be served. */
export type PageBundle = Readonly<v.InferOutput<typeof Page>>

const CachedPage = v.object({
  /** The size and the time of the last change of each file that the page is made of. */
  states: v.record(v.string(), v.string()),
  page: Page,
})

/** Some file systems store times in steps of two seconds: a later change can have the same time. */
const TIME_STEP_MS = 2_000

export interface PageCache {
  readonly file: string
  /** The folder of the project. Names of files start there, so that a copy of the project compares its own files. */
  readonly root: string
}

/** @returns the page that was kept, or undefined if there is none, it is damaged, or a file that it is made of has changed */
export async function readCachedPage({ file, root }: PageCache): Promise<PageBundle | undefined> {
  try {
    const { states, page } = v.parse(CachedPage, await readIfValid(file))
    const names = Object.keys(states)
    const current = await readStates(root, names)
    return names.every((name, index) => states[name] === current[index]?.text) ? page : undefined
  } catch {
    return undefined // the page is bundled again
  }
}

/**
 * Keeps a page for later starts, if that is possible.
 *
 * @param names every file that the page is made of, from `root`
 * @param startMs when the bundling started. A page is not kept if a file may have changed since then
 */
export async function cachePage(
  { file, root }: PageCache,
  page: PageBundle,
  names: readonly string[],
  startMs: number,
): Promise<void> {
  try {
    const states = await readStates(root, names)
    if (states.some(({ changedMs }) => changedMs > startMs - TIME_STEP_MS)) return
    await mkdir(path.dirname(file), { recursive: true })
    await writeAtomically(file, { states: Object.fromEntries(names.map((name, index) => [name, states[index]?.text])), page })
  } catch {
    // For example a folder that is read-only: then each start bundles the page.
  }
}

async function readStates(root: string, names: readonly string[]) {
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(path.join(root, name))
      return { text: `${size} ${mtimeMs}`, changedMs: mtimeMs }
    }),
  )
}
