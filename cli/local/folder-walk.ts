import type { Stats } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '../../lambda/errors.ts'
import { isTemporaryName } from '../../lambda/keys.ts'

export interface WalkOptions {
  /** Called with each folder before its files are listed. */
  readonly onFolder: (folder: string) => void
  /** Called with a folder that is listed under another path already. */
  readonly onRepeated: (folder: string, first: string) => void
  /** Called with what is left out, and why. */
  readonly onProblem: (file: string, problem: string) => void
  /** The folders that were listed, by their real path. A second walk must get the same map, so that it lists them under the same path. */
  readonly listed: Map<string, string>
}

/**
 * The files below a folder, without hidden and temporary ones, in alphanumeric order like Kissmetrics' own importer.
 *
 * Follows symbolic links. A folder that several links lead to is listed once, so a loop of links ends.
 */
export async function* walk(folder: string, options: WalkOptions): AsyncGenerator<string> {
  try {
    const real = await realpath(folder)
    const first = options.listed.get(real) ?? folder
    if (first !== folder) {
      options.onRepeated(folder, first)
      return
    }
    options.listed.set(real, folder)
    options.onFolder(folder)
    const entries = await readdir(folder, { withFileTypes: true })
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = path.join(folder, entry.name)
      if (isTemporary(entry.name)) continue
      if (entry.name.includes('\ufffd')) options.onProblem(file, 'has a name that is not valid UTF-8. Rename it')
      if (entry.isFile()) yield file
      else if (entry.isDirectory()) yield* walk(file, options)
      else yield* walkOther(file, options)
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') options.onProblem(folder, unreadable(error))
  }
}

/** A symbolic link, or something that is neither file nor folder. */
async function* walkOther(file: string, options: WalkOptions): AsyncGenerator<string> {
  const stats = await statOf(file).catch((error: unknown) => {
    options.onProblem(file, unreadable(error))
    return undefined
  })
  if (stats?.isDirectory() === true) yield* walk(file, options)
  else if (stats?.isFile() === true) yield file
  else if (stats !== undefined) options.onProblem(file, 'is not a file')
}

/** @returns undefined if the file is gone @throws Error with code ENOENT if it is a link that leads nowhere */
export async function statOf(file: string): Promise<Stats | undefined> {
  return stat(file).catch(async (error: unknown) => {
    const exists =
      codeOf(error) !== 'ENOENT' ||
      (await lstat(file).then(
        () => true,
        () => false,
      ))
    if (exists) throw error
    return undefined
  })
}

/** Whether any part of a path is hidden, or a temporary file of an editor or a browser. */
export function isTemporary(relativePath: string): boolean {
  return isTemporaryName(relativePath.split(path.sep).join('/'))
}

export function unreadable(error: unknown): string {
  return `could not be read (${codeOf(error) || String(error)}). Give yourself access to it, or remove it from the folder`
}
