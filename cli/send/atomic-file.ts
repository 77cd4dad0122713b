import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'

/**
 * Writes a small JSON document. After a crash the file has either its old or its new content, never a part.
 *
 * @throws SetupError if the file system refuses it
 */
export async function writeAtomically(file: string, value: unknown): Promise<void> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.tmp`)
  try {
    await using handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`)
    await handle.sync()
    await rename(draft, file)
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
