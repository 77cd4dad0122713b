import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'

/** Writes a small document so that it is there as a whole, or not at all, whatever happens. @throws SetupError where the disk does not take it */
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

/** @returns undefined where there is none, or nothing that can be understood */
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

/** Without what is kept beside the file a send could not go on, so it stops. */
export function stateFileError(file: string, cause: unknown): SetupError {
  const why = codeOf(cause) === 'ENOSPC' ? 'the disk is full' : codeOf(cause) || 'unknown error'
  return new SetupError(
    `${file} could not be read or written (${why}). Make room or give yourself access; then the same command goes on where this one stood.`,
    { cause },
  )
}
