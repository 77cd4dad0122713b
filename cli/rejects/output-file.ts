import { createWriteStream } from 'node:fs'
import { chmod, open, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { printable } from '../terminal/output.ts'

/** The file that a command writes for the user. Dispose of it: a file that was not written completely is removed. */
export class OutputFile implements AsyncDisposable {
  readonly #file: string
  #isComplete = false

  private constructor(file: string) {
    this.#file = file
  }

  /** @throws SetupError if the file exists and is not empty, or cannot be written */
  static async create(file: string): Promise<OutputFile> {
    try {
      // The lines can contain identities, so that other users of the computer must not read them.
      await (await open(file, 'wx', 0o600)).close()
      return new OutputFile(file)
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST' && (await isEmptyFile(file))) {
        await chmod(file, 0o600)
        return new OutputFile(file)
      }
      throw codeOf(cause) === 'EEXIST'
        ? new SetupError(
            `--output is "${printable(file)}": the file exists and may contain your edits. Choose another name, or delete the file.`,
            { cause },
          )
        : notWritten(
            file,
            cause,
            codeOf(cause) === 'ENOENT' ? 'Its folder does not exist: create it, or choose another name.' : 'Choose another name.',
          )
    }
  }

  /** Writes the texts one after the other, none earlier than the disk can take it. @throws SetupError if the disk is full */
  async write(texts: Iterable<string> | AsyncIterable<string>, signal: AbortSignal): Promise<void> {
    try {
      await pipeline(Readable.from(texts), createWriteStream(this.#file), { signal })
      this.#isComplete = true
    } catch (cause) {
      if (signal.aborted || !(cause instanceof Error) || !('syscall' in cause)) throw cause
      throw notWritten(this.#file, cause, 'Free some space, or choose another folder.')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isComplete) await rm(this.#file, { force: true })
  }
}

/** A pull that found nothing leaves an empty file, which has no edits. */
async function isEmptyFile(file: string): Promise<boolean> {
  return await stat(file).then(
    (found) => found.isFile() && found.size === 0,
    () => false,
  )
}

function notWritten(file: string, cause: unknown, advice: string): SetupError {
  return new SetupError(`--output is "${printable(file)}": the file could not be written (${codeOf(cause)}). ${advice}`, {
    cause,
  })
}
