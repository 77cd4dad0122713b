import type { BrotliDecompress, Gunzip, InflateRaw, ZstdDecompress } from 'node:zlib'
import { codeOf } from '../../errors.ts'
import { UnreadableFile } from '../unreadable.ts'

/** Larger than zlib's default of 16 KiB, because each piece costs a turn of the event loop. */
const PIECE_BYTES = 65_536

/**
 * With a `highWaterMark` of 1, zlib makes the next piece when the last one was taken. So memory is bounded however far a slice expands, and
 * no piece is waiting, and lost, when zlib fails.
 */
export const DECOMPRESSOR_OPTIONS = { chunkSize: PIECE_BYTES, readableHighWaterMark: 1 } as const

type ZlibStream = Gunzip | InflateRaw | ZstdDecompress | BrotliDecompress

const NOTHING = Buffer.alloc(0)

/**
 * A zlib stream that runs step by step: each write returns exactly the output that it causes. (A piped zlib stream discards a varying part of
 * its output when it fails. But a line that was settled in one invocation must not be missing in the next.)
 */
export class Decompressor implements Disposable {
  readonly #stream: ZlibStream
  readonly #name: string
  #error: Error | undefined
  #isOver = false
  #wake: () => void = () => undefined
  /** What the last write did not use: the compressed data ends before it. */
  rest: Buffer = NOTHING

  /** @param name of the compression, for messages */
  constructor(stream: ZlibStream, name: string) {
    this.#stream = stream
    this.#name = name
    const over = (): void => {
      this.#isOver = true
      this.#wake()
    }
    stream.on('readable', () => {
      this.#wake()
    })
    stream.on('error', (error) => (this.#error = error))
    stream.on('end', over)
    stream.on('close', over)
  }

  /** Compressed bytes that were used. */
  get bytesUsed(): number {
    return this.#stream.bytesWritten
  }

  /** @throws UnreadableFile, after the output that comes before the damage */
  async *write(slice: Buffer): AsyncGenerator<Buffer> {
    const before = this.bytesUsed
    let isWritten = false
    this.#stream.write(slice, () => {
      isWritten = true
      this.#wake()
    })
    yield* this.#pieces(() => isWritten)
    this.rest = slice.subarray(this.bytesUsed - before)
  }

  /** There are no more compressed bytes. @throws UnreadableFile if some are missing */
  async *end(): AsyncGenerator<Buffer> {
    this.#stream.end()
    yield* this.#pieces(() => false)
  }

  [Symbol.dispose](): void {
    this.#stream.destroy()
  }

  async *#pieces(isDone: () => boolean): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#stream.read() as Buffer | null
      if (piece !== null) {
        yield piece
        continue
      }
      if (this.#error !== undefined) throw this.#translated(this.#error)
      if (isDone() || this.#isOver) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #translated(error: Error): Error {
    const code = codeOf(error)
    if (code === 'Z_MEM_ERROR' || code === 'ZSTD_error_memory_allocation' || /ALLOC/.test(code)) return error
    const what = code === 'Z_BUF_ERROR' ? 'cut off' : 'damaged'
    return new UnreadableFile(
      code === 'ZSTD_error_frameParameter_windowTooLarge'
        ? 'the zstd data needs more than 128 MB of memory; compress it again without --long and --ultra'
        : `the ${this.#name} data is ${what}`,
      { cause: error },
    )
  }
}
