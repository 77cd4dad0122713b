import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * What a sandbox writes. A process writes to a file at once, but queues what a pipe does not take: with a pipe, an answer could be
 * here before what was logged ahead of it.
 */
export class LogFile {
  readonly #file: number
  #text: string | undefined

  constructor() {
    const name = path.join(tmpdir(), `km-lambda-log-${randomUUID()}`)
    this.#file = openSync(name, 'a+', 0o600)
    unlinkSync(name) // it lives as long as somebody has it open, and a killed test leaves nothing behind
  }

  /** For the standard streams of a child. */
  get descriptor(): number {
    return this.#file
  }

  get text(): string {
    return this.#text ?? this.#read()
  }

  /** The text stays. */
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
