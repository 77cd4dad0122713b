import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'

/**
 * Writes a small JSON document. After a crash the file has either its old or its new content, never a part.
 *
 * @throws SetupError if the file system refuses it
 */
export async function writeAtomically(file: string, value: unknown): Promise<void> {
  await withDraft(file, value, (draft) => rename(draft, file))
}

/**
 * The same for a file that must not exist: of several processes, one creates it.
 *
 * @returns whether this process has created it
 * @throws SetupError if the file system refuses it
 */
export async function createAtomically(file: string, value: unknown): Promise<boolean> {
  let isCreated = true
  await withDraft(file, value, async (draft) => {
    try {
      await link(draft, file) // `rename` would replace a file
      await rm(draft)
    } catch (error) {
      if (NO_LINKS.has(codeOf(error))) return rename(draft, file)
      if (codeOf(error) !== 'EEXIST') throw error
      isCreated = false
      await rm(draft)
    }
  })
  return isCreated
}

/** Errors of file systems without hard links, such as exFAT and some network drives. There, the last of several processes wins. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

async function withDraft(file: string, value: unknown, publish: (draft: string) => Promise<void>): Promise<void> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.tmp`)
  try {
    await using handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`)
    await handle.sync()
    await publish(draft)
  } catch (cause) {
    await rm(draft, { force: true })
    throw stateFileError(file, cause)
  }
}

/** @returns the JSON document, or undefined if there is no file or it is not JSON */
export async function readIfValid(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return 'null'
    throw stateFileError(file, error)
  })
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}

/** A send cannot continue without the files that it keeps beside the sent file. */
export function stateFileError(file: string, cause: unknown): SetupError {
  const why = codeOf(cause) === 'ENOSPC' ? 'the disk is full' : codeOf(cause) || 'unknown error'
  return new SetupError(
    `${file} could not be read or written (${why}). Free some disk space or check the permissions, then run the same command to continue.`,
    { cause },
  )
}
