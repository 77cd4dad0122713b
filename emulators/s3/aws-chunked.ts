import { Transform, type TransformCallback } from 'node:stream'
import { S3Error } from './xml.ts'

type State = 'size' | 'data' | 'end of data' | 'trailer' | 'done'

/** Maximum length of a framing line: a chunk size with its signature, or a trailer. */
const MAX_LINE_BYTES = 8_192

/**
 * Decodes `aws-chunked`, the encoding of SDKs for a body that is followed by its checksum:
 *
 *     size in hexadecimal[;chunk-signature=…] CRLF  data CRLF … 0 CRLF  trailer: value CRLF … CRLF
 *
 * @see Amazon S3, "Signature calculations: transferring payload in multiple chunks"
 */
export class AwsChunked extends Transform {
  readonly trailers: Record<string, string> = {}
  #rest: Buffer = Buffer.alloc(0)
  #state: State = 'size'
  #left = 0

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    try {
      while (this.#state !== 'done' && (this.#state === 'data' ? this.#takeData() : this.#takeLine()));
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }

  override _flush(done: TransformCallback): void {
    const isWhole = this.#state === 'done' || this.#state === 'trailer'
    done(isWhole ? null : new S3Error(400, 'IncompleteBody', 'The body ended before its last chunk.'))
  }

  /** @returns whether more of the buffer may be decoded */
  #takeData(): boolean {
    if (this.#rest.length === 0) return false
    const taken = this.#rest.subarray(0, this.#left)
    this.push(taken)
    this.#rest = this.#rest.subarray(taken.length)
    this.#left -= taken.length
    if (this.#left === 0) this.#state = 'end of data'
    return true
  }

  #takeLine(): boolean {
    const end = this.#rest.indexOf('\r\n')
    if (end === -1) {
      if (this.#rest.length > MAX_LINE_BYTES) throw new S3Error(400, 'InvalidChunk', 'A line of the chunked framing is too long.')
      return false
    }
    const line = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 2)
    switch (this.#state) {
      case 'size':
        this.#begin(line)
        return true
      case 'end of data':
        if (line !== '') throw new S3Error(400, 'InvalidChunk', 'A chunk is longer than it says.')
        this.#state = 'size'
        return true
      case 'trailer':
        this.#takeTrailer(line)
        return true
      case 'data':
      case 'done':
        return false
    }
  }

  #begin(line: string): void {
    const [size = ''] = line.split(';')
    if (!/^[0-9a-f]{1,12}$/i.test(size)) throw new S3Error(400, 'InvalidChunkSizeError', 'A chunk does not begin with its size.')
    this.#left = parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      this.#state = 'done'
      return
    }
    const colon = line.indexOf(':')
    if (colon > 0) this.trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
}
