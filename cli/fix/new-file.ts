import { open, type FileHandle } from 'node:fs/promises'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { printable } from '../terminal/output.ts'

const BUFFER_CHARACTERS = 65_536

/** A file that did not exist before, and that only its user can read: it has the lines of other people. */
export class NewFile implements AsyncDisposable {
  readonly #handle: FileHandle
  readonly #name: string
  #waiting: string[] = []
  #characters = 0

  private constructor(handle: FileHandle, name: string) {
    this.#handle = handle
    this.#name = name
  }

  /** @throws SetupError if the file exists, or cannot be written */
  static async create(name: string): Promise<NewFile> {
    return new NewFile(await open(name, 'wx', 0o600).catch((error: unknown) => fail(name, error)), name)
  }

  async write(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      this.#waiting.push(line, '\n')
      this.#characters += line.length
    }
    if (this.#characters >= BUFFER_CHARACTERS) await this.#flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#flush()
    } finally {
      await this.#handle.close()
    }
  }

  async #flush(): Promise<void> {
    const text = this.#waiting.join('')
    this.#waiting = []
    this.#characters = 0
    await this.#handle.writeFile(text).catch((error: unknown) => fail(this.#name, error))
  }
}

function fail(name: string, cause: unknown): never {
  const code = codeOf(cause)
  throw new SetupError(
    code === 'EEXIST'
      ? `${printable(name)} exists. Delete it, or choose another name with --output.`
      : `${printable(name)} could not be written (${code}). Choose another name with --output.`,
    { cause },
  )
}
