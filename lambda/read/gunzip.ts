import { createGunzip } from 'node:zlib'
import { codeOf } from '../errors.ts'

/** A drop whose bytes cannot be had, however often it is read: a person has to write it again. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile'
  readonly code = 'file_unreadable'
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** Told by its first bytes and not by its name: a `.gz` may be text, and text may come packed. */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && GZIP_MAGIC.equals(head.subarray(0, 2))
}

/** Real lines shrink to a tenth or a fiftieth. gzip can go to a thousandth, and then it is an attack or an accident. */
const MAX_RATIO = 250
const RATIO_COUNTS_FROM_BYTES = 256 * 1_048_576
/**
 * Whoever goes on with a packed drop has to unpack it from its start again. This much takes some five of the fifteen minutes that an
 * invocation may last; with a few times as much none would come further than the one before it.
 */
const MAX_UNPACKED_BYTES = 100_000_000_000

/** gzip makes at most a thousand times as much of a slice, and so much may wait here to be read. */
const SLICE_BYTES = 8_192
/** Larger than zlib's own 16 KiB, since each piece costs a turn of the event loop. */
const PIECE_BYTES = 65_536

/**
 * What gzip unpacks to; several members one after the other are one, as `gzip` itself has it.
 *
 * Where the data ends too early, all that it holds comes out first; where it is damaged, what zlib gave before it saw that, which is the
 * same in each reading. A stream of zlib's throws away what it has when it fails, now more and now less of it, and a line that was settled
 * in one invocation must not be missing in the next.
 */
export async function* gunzip(packed: AsyncIterable<Buffer>, maxBytes = MAX_UNPACKED_BYTES): AsyncGenerator<Buffer> {
  using unzip = new Unzip()
  let bytes = 0
  for await (const slice of slicesOf(packed)) {
    for (const piece of await unzip.write(slice)) {
      bytes += piece.length
      throwIfTooMuch(bytes, unzip.bytesWritten, maxBytes)
      yield piece
    }
    unzip.throwIfFailed()
  }
  yield* await unzip.end()
  unzip.throwIfFailed()
}

/** Always the same ones, however the body came: how much zlib gives before it fails depends on what it is given at once. */
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

function throwIfTooMuch(bytes: number, packedBytes: number, maxBytes: number): void {
  if (bytes > RATIO_COUNTS_FROM_BYTES && bytes > MAX_RATIO * packedBytes)
    throw new UnreadableFile(`it unpacks to more than ${MAX_RATIO} times its size`)
  if (bytes > maxBytes) throw new UnreadableFile(`it unpacks to more than ${maxBytes / 1e9} GB: it has to come in several files`)
}

/** zlib's stream, a step at a time: what goes in, and what comes out because of it. */
class Unzip implements Disposable {
  readonly #stream = createGunzip({ chunkSize: PIECE_BYTES })
  #pieces: Buffer[] = []
  #error: Error | undefined
  #stepDone: () => void = () => undefined

  constructor() {
    this.#stream.on('data', (piece: Buffer) => this.#pieces.push(piece))
    this.#stream.on('error', (error) => (this.#error = error))
    // Where it fails it does not call back.
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

/** zlib's own words, for the person who has to write the file again. What it was given is complete, so what it misses is not there. */
export function asUnreadable(error: unknown): unknown {
  const code = codeOf(error)
  if (!code.startsWith('Z_')) return error
  return new UnreadableFile(`its gzip data is ${code === 'Z_BUF_ERROR' ? 'cut off' : 'damaged'}`, { cause: error })
}
