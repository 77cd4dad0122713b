import type { Overview, ImportSummary } from '../api-types.ts'
import { askOverview, isAborted, messageOf, Unreachable } from './api-client.ts'
import { counted, fileName } from './format.ts'
import { announce, createStore } from './store.ts'
import { STATES } from './labels.ts'

/** What the console told last, and whether it can still be asked. */
export interface Seen {
  readonly overview?: Overview
  /** Why there is nothing newer. */
  readonly trouble?: string
  readonly isUnreachable: boolean
}

export const seen = createStore<Seen>({ isUnreachable: false })
/** How many drops are asked for. */
export const importLimit = createStore(50)
/** Keys of drops that somebody waits for: files that were handed over, and mended lines that were sent. With what is known of their length. */
export const awaited = createStore<ReadonlyMap<string, Awaited>>(new Map())

export interface Awaited {
  /** Where it was counted before. */
  readonly lines?: number
  /** Drops of that name that were there before. */
  readonly before: ReadonlySet<string>
}

const BUSY_MS = 1000
const QUIET_MS = 4000

let timer: ReturnType<typeof setTimeout> | undefined
let asking: AbortController | undefined
let isUploading = () => false

/** Asks for the overview again and again: each second while something goes on, seldom otherwise, never while nobody looks. */
export function startLooking(options: { readonly isUploading: () => boolean }): void {
  isUploading = options.isUploading
  document.addEventListener('visibilitychange', lookNow)
  importLimit.subscribe(lookNow)
  lookNow()
}

export function lookNow(): void {
  clearTimeout(timer)
  if (document.visibilityState === 'hidden') return
  asking?.abort()
  const controller = new AbortController()
  asking = controller
  void look(controller.signal).then(() => {
    if (controller.signal.aborted) return
    timer = setTimeout(lookNow, isBusy() ? BUSY_MS : QUIET_MS)
  })
}

/** Which drop became of something that was handed over: the one of that name that was not there before. */
export function expectedFile(
  overview: Pick<Overview, 'files'> | undefined,
  key: string,
  { before }: Awaited,
): ImportSummary | undefined {
  return overview?.files.find((file) => file.report.file.key === key && !before.has(markOf(file)))
}

/** @param before drops of that name that are not meant; none where the name is new */
export function expect(key: string, lines: number | undefined, before: ReadonlySet<string> = new Set()): void {
  awaited.set(new Map([...awaited.get(), [key, { before, ...(lines !== undefined && { lines }) }]]))
  lookNow()
}

export function forget(key: string): void {
  awaited.set(new Map([...awaited.get()].filter(([name]) => name !== key)))
}

/** The drops that are there by now. */
export function marksNow(): ReadonlySet<string> {
  return new Set((seen.get().overview?.files ?? []).map(markOf))
}

/** The same file, dropped again in a bucket without versions, has the same report, begun anew. */
export function markOf({ id, report }: ImportSummary): string {
  return `${id} ${report.startedAt}`
}

async function look(signal: AbortSignal): Promise<void> {
  try {
    const overview = await askOverview(importLimit.get(), signal)
    tellEnds(seen.get().overview, overview)
    seen.set({ overview, isUnreachable: false })
  } catch (error) {
    if (isAborted(error)) return
    seen.set({ ...seen.get(), trouble: messageOf(error), isUnreachable: error instanceof Unreachable })
  }
}

function isBusy(): boolean {
  const { overview } = seen.get()
  if (overview === undefined || isUploading()) return true
  const { waiting, files } = overview
  const isImporting = files.some(({ report }) => report.state === 'importing')
  const isAwaiting = [...awaited.get()].some(([key, wait]) => expectedFile(overview, key, wait) === undefined)
  return isImporting || isAwaiting || waiting.messages > 0
}

/** To whoever does not see the list: which imports have come to their end. */
function tellEnds(before: Overview | undefined, { files }: Overview): void {
  if (before === undefined) return
  const ended = new Set(before.files.filter(({ report }) => report.state !== 'importing').map(markOf))
  const texts = files
    .filter((file) => file.report.state !== 'importing' && !ended.has(markOf(file)))
    .map(({ report: { file, state, lines } }) => {
      const back = lines.rejected + lines.undeliverable
      return `${fileName(file.key)}: ${STATES[state].words}, ${counted(lines.delivered, 'line')} delivered, ${counted(back, 'line')} came back.`
    })
  if (texts.length > 0) announce(texts.slice(0, 3).join(' '))
}
