/** Reads a stream of bytes in parts of a given length. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Buffer>
  #buffer: Buffer = Buffer.alloc(0)
  #isAtEnd = false

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#iterator = chunks[Symbol.asyncIterator]()
  }

  /** The next bytes, which stay to be read. Fewer than `length` at the end of the stream. */
  async peek(length: number): Promise<Buffer> {
    while (this.#buffer.length < length && !this.#isAtEnd) {
      const next = await this.#iterator.next()
      if (next.done === true) this.#isAtEnd = true
      else this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value])
    }
    return this.#buffer.subarray(0, length)
  }

  /** Reads past the bytes that were peeked at. */
  skip(length: number): void {
    this.#buffer = this.#buffer.subarray(length)
  }

  /** Whatever comes next, at most `maxBytes`. Empty at the end of the stream. */
  async next(maxBytes = Infinity): Promise<Buffer> {
    if (this.#buffer.length === 0) await this.peek(1)
    const bytes = this.#buffer.subarray(0, maxBytes)
    this.skip(bytes.length)
    return bytes
  }

  /** @param bytes the last that were read; they are read again */
  unread(bytes: Buffer): void {
    this.#buffer = Buffer.concat([bytes, this.#buffer])
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }
}
