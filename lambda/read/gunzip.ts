import { createGunzip } from 'node:zlib'
import { codeOf } from '../errors.ts'

/** The content of a file cannot be read, and reading it again will not help: a person has to upload it again. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile'
  readonly code = 'file_unreadable'
}

const LF = 0x0a
/** Half of the shortest line that can be sent. */
const MIN_LINE_BYTES = 16

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** Decided by the first bytes, not by the name: a `.gz` file may be plain text, and any other name may be gzip. */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && GZIP_MAGIC.equals(head.subarray(0, 2))
}

/** Real lines compress by a factor of 10 to 50. gzip can reach 1,000, which means an attack or an accident. */
const MAX_RATIO = 250
const RATIO_COUNTS_FROM_BYTES = 256 * 1_048_576
/**
 * The shortest line that can be sent has 34 bytes, so gzip cannot pack more than 31 of them in a byte. Blank lines reach 1,000, and each
 * costs as much as any other line.
 */
const MAX_LINES_PER_BYTE = 64
const MAX_CHEAP_LINES = 100_000
/**
 * Each invocation that continues a gzip file decompresses it from the start. 100 GB takes about 5 of the 15 minutes that an invocation
 * has; with a few times as much, no invocation would get further than the one before.
 */
const MAX_DECOMPRESSED_BYTES = 100_000_000_000

/** gzip expands a slice at most 1,000 times. That much (8 MB) can wait here to be read. */
const SLICE_BYTES = 8_192
/** Larger than zlib's default of 16 KiB, because each piece costs a turn of the event loop. */
const PIECE_BYTES = 65_536

/**
 * Decompresses gzip data. Like `gzip` itself, it reads several concatenated members as one.
 *
 * If the data ends too early, everything that it contains comes out before the error. If it is damaged, everything that zlib returned
 * before the damage comes out, and it is the same in each run. (A piped zlib stream discards a varying part of its output when it fails.
 * But a line that was settled in one invocation must not be missing in the next.)
 *
 * @throws UnreadableFile if it expands too much; zlib's error if the data is damaged or cut off (see `toUnreadableFile`)
 */
export async function* gunzip(compressed: AsyncIterable<Buffer>, maxBytes = MAX_DECOMPRESSED_BYTES): AsyncGenerator<Buffer> {
  using zlib = new SteppedGunzip()
  let bytes = 0
  let cheapLines = 0
  for await (const slice of slicesOf(compressed)) {
    let sliceBytes = 0
    for (const piece of await zlib.write(slice)) {
      bytes += piece.length
      sliceBytes += piece.length
      throwIfTooLarge(bytes, zlib.bytesWritten, maxBytes)
      // The lines of ordinary files are not counted here.
      if (sliceBytes > MAX_LINES_PER_BYTE * slice.length) cheapLines += cheapLinesIn(piece)
      if (cheapLines > MAX_CHEAP_LINES)
        throw new UnreadableFile(`it has more than ${MAX_LINES_PER_BYTE} lines for each compressed byte`)
      yield piece
    }
    zlib.throwIfFailed()
  }
  yield* await zlib.end()
  zlib.throwIfFailed()
}

/**
 * Cuts the data into slices that do not depend on the chunks of the body: how much zlib returns before it fails depends on the
 * size of each write.
 */
async function* slicesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const end = bytes.length - (bytes.length % SLICE_BYTES)
      for (let at = 0; at < end; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES)
      rest = bytes.subarray(end)
    }
  } catch (error) {
    failure = { error }
  }
  if (rest.length > 0) yield rest
  if (failure !== undefined) throw failure.error
}

/** The lines of a piece, if they are too short to be sent. */
function cheapLinesIn(piece: Buffer): number {
  let lines = 0
  for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines += 1
  return lines * MIN_LINE_BYTES > piece.length ? lines : 0
}

function throwIfTooLarge(bytes: number, compressedBytes: number, maxBytes: number): void {
  if (bytes > RATIO_COUNTS_FROM_BYTES && bytes > MAX_RATIO * compressedBytes)
    throw new UnreadableFile(`it decompresses to more than ${MAX_RATIO} times its size`)
  if (bytes > maxBytes) throw new UnreadableFile(`it decompresses to more than ${maxBytes / 1e9} GB; split it into several files`)
}

/** A zlib stream that runs step by step: each write returns exactly the output that it caused. */
class SteppedGunzip implements Disposable {
  readonly #stream = createGunzip({ chunkSize: PIECE_BYTES })
  #pieces: Buffer[] = []
  #error: Error | undefined
  #stepDone: () => void = () => undefined

  constructor() {
    this.#stream.on('data', (piece: Buffer) => this.#pieces.push(piece))
    this.#stream.on('error', (error) => (this.#error = error))
    // If a write fails, its callback is not called.
    this.#stream.on('close', () => {
      this.#stepDone()
    })
  }

  get bytesWritten(): number {
    return this.#stream.bytesWritten
  }

  async write(slice: Buffer): Promise<readonly Buffer[]> {
    await new Promise<void>((resolve) => {
      this.#stepDone = resolve
      this.#stream.write(slice, () => {
        resolve()
      })
    })
    return this.#take()
  }

  async end(): Promise<readonly Buffer[]> {
    await new Promise<void>((resolve) => {
      this.#stepDone = resolve
      this.#stream.end()
    })
    return this.#take()
  }

  throwIfFailed(): void {
    if (this.#error !== undefined) throw this.#error
  }

  [Symbol.dispose](): void {
    this.#stream.destroy()
  }

  #take(): readonly Buffer[] {
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }
}

/**
 * Turns an error of zlib into UnreadableFile, in words for the person who has to upload the file again. The body was complete when it
 * reached zlib, so missing data is missing in the file itself. Returns other errors unchanged.
 */
export function toUnreadableFile(error: unknown): unknown {
  const code = codeOf(error)
  if (!code.startsWith('Z_')) return error
  return new UnreadableFile(`the gzip data is ${code === 'Z_BUF_ERROR' ? 'cut off' : 'damaged'}`, { cause: error })
}
