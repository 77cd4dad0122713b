import { Transform, type Readable, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { codeOf } from '../errors.ts'

/** A drop whose bytes cannot be had, however often it is read: a person has to write it again. */
export class UnreadableDrop extends Error {
  override readonly name = 'UnreadableDrop'
  /** Its bytes ended too early: the file may be cut off, or only this reading of it. */
  readonly endedEarly: boolean

  constructor(message: string, options: ErrorOptions & { readonly endedEarly?: boolean } = {}) {
    super(message, options)
    this.endedEarly = options.endedEarly === true
  }
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** Told by its first bytes and not by its name: a `.gz` may be text, and text may come packed. */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && GZIP_MAGIC.equals(head.subarray(0, 2))
}

/** Real lines shrink to a tenth or a fiftieth. gzip can go to a thousandth, and then it is an attack or an accident. */
const MAX_RATIO = 250
const RATIO_COUNTS_FROM_BYTES = 256 * 1_048_576

/** What gzip unpacks to; several members one after the other are one, as `gzip` itself has it. */
export function gunzip(packed: AsyncIterable<Buffer>): Readable {
  const unzip = createGunzip()
  let bytesOut = 0
  const guard = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
      bytesOut += chunk.length
      const isBomb = bytesOut > RATIO_COUNTS_FROM_BYTES && bytesOut > MAX_RATIO * unzip.bytesWritten
      if (isBomb) done(new UnreadableDrop(`it unpacks to more than ${MAX_RATIO} times its size`))
      else done(null, chunk)
    },
  })
  // Errors of each part end the others and come out of the last one, where the reader meets them.
  return pipeline(packed, unzip, guard, () => undefined)
}

/** zlib's own words, for the person who has to write the file again. */
export function asUnreadable(error: unknown): unknown {
  const code = codeOf(error)
  if (!code.startsWith('Z_')) return error
  return code === 'Z_BUF_ERROR'
    ? new UnreadableDrop('its gzip data is cut off', { cause: error, endedEarly: true })
    : new UnreadableDrop('its gzip data is damaged', { cause: error })
}
