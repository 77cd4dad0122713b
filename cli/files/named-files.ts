import { glob, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { SetupError } from '../../lambda/errors.ts'
import { FILE_SUFFIXES, isImportName, isTemporaryName } from '../../lambda/keys.ts'
import { isWrittenBySend } from '../send/files.ts'
import { printable, shellWord } from '../terminal/escape.ts'

/** What a user has named: each file once, and whether some of them come from a folder or a pattern. */
export interface NamedFiles {
  readonly names: readonly string[]
  /** What was left out, for the user. */
  readonly notes: readonly string[]
}

const SUFFIXES = FILE_SUFFIXES.filter((suffix) => !suffix.endsWith('.gz')).join(', ')

/**
 * The files that are meant by names, folders and patterns. A folder means the files in it whose names say that they are to be imported,
 * and not those in its folders: what was sent by mistake cannot be deleted. Nor
 * does it mean the reports and rejected lines of earlier sends. A shell resolves most patterns itself; this resolves those that
 * were in quotes, or that cmd.exe leaves as they are. A name that is none of these stays as it is: opening it says what is wrong.
 *
 * @throws SetupError if a folder or a pattern has no file
 */
export async function namedFiles(given: readonly string[]): Promise<NamedFiles> {
  const names = new Set<string>()
  const notes: string[] = []
  for (const name of given) {
    const found = await stat(name).catch(() => undefined)
    if (found?.isDirectory() === true) {
      const { files, folders } = await filesIn(name)
      if (files.length === 0)
        throw new SetupError(
          `There is no file to import in the folder ${printable(name)}: their names end in ${SUFFIXES}, also with .gz. Name the files themselves, or another folder.`,
        )
      if (folders.length > 0) notes.push(foldersNote(name, folders))
      for (const file of files) names.add(file)
    } else if (found === undefined && isPattern(name)) {
      const files = await matching(name)
      if (files.length === 0)
        throw new SetupError(
          `No file matches ${printable(name)}. Check the folder and the pattern: ls ${shellWord(parentOf(name))}`,
        )
      for (const file of files) names.add(file)
    } else names.add(name)
  }
  return { names: [...names], notes }
}

async function filesIn(folder: string): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true })
  const inFolder = (isIncluded: (entry: (typeof entries)[number]) => boolean): readonly string[] =>
    entries
      .filter((entry) => isIncluded(entry) && !isTemporaryName(entry.name))
      .map(({ name }) => path.join(folder, name))
      .toSorted()
  return {
    files: inFolder((entry) => !entry.isDirectory() && isImportName(entry.name)).filter((file) => !isWrittenBySend(file)),
    folders: inFolder((entry) => entry.isDirectory()),
  }
}

function foldersNote(folder: string, [first = '', ...others]: readonly string[]): string {
  const more = others.length === 0 ? ' is' : ` and ${others.length} more are`
  return `The files directly in ${printable(folder)} are taken. The folder ${printable(first)}${more} left out: name a folder to include it.`
}

/** `s3://` and `-` are never patterns. */
function isPattern(name: string): boolean {
  return /[*?[\]{}]/.test(name) && !name.startsWith('s3://')
}

async function matching(pattern: string): Promise<readonly string[]> {
  const files: string[] = []
  for await (const entry of glob(pattern, { withFileTypes: true }))
    if (!entry.isDirectory() && !isTemporaryName(entry.name)) files.push(path.join(entry.parentPath, entry.name))
  return files
    .filter((file) => !isWrittenBySend(file))
    .map((file) => (path.isAbsolute(pattern) ? file : path.relative('', file)))
    .toSorted()
}

/** The folder of a pattern, up to the first part that is one. */
function parentOf(pattern: string): string {
  const parts = path.dirname(pattern).split('/')
  const first = parts.findIndex(isPattern)
  return (first === -1 ? parts : parts.slice(0, first)).join('/') || (pattern.startsWith('/') ? '/' : '.')
}
