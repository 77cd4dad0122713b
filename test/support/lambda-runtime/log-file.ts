import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The output of a sandbox. It is a file, because output to a pipe could arrive after the response that it was written before. */
export class LogFile {
  readonly #file: number
  #text: string | undefined

  constructor() {
    const name = path.join(tmpdir(), `km-lambda-log-${randomUUID()}`)
    this.#file = openSync(name, 'a+', 0o600)
    unlinkSync(name) // it exists until it is closed, so a killed test leaves no file
  }

  /** For the standard streams of a child. */
  get descriptor(): number {
    return this.#file
  }

  get text(): string {
    return this.#text ?? this.#read()
  }

  /** The text stays available. */
  close(): void {
    this.#text = this.#read()
    closeSync(this.#file)
  }

  #read(): string {
    const bytes = Buffer.alloc(fstatSync(this.#file).size)
    let read = 0
    while (read < bytes.length) read += readSync(this.#file, bytes, read, bytes.length - read, read)
    return bytes.toString()
  }
}
