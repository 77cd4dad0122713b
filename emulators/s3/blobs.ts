import { createHash, randomUUID, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import path from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Readable, Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { AwsChunked } from './aws-chunked.ts'
import { notImplemented, S3Error } from './xml.ts'

/** Uploaded bytes. */
export interface Blob {
  readonly name: string
  /** The bytes, if they become a row: `keep` writes it, in the transaction of the object. */
  readonly row?: Buffer
  readonly size: number
  /** Hexadecimal, as in an ETag. */
  readonly md5: string
}

/** A smaller body that is in memory becomes a row of the database. A file costs ten times as much, and at least one block of the disk. */
const MAX_ROW_BYTES = 16_384
const ROW_PREFIX = 'row-'

/** Begins with the time: rows that are written one after the other are then neighbours in the database, and share its pages. */
function newRowName(): string {
  return `${ROW_PREFIX}${Date.now().toString(16).padStart(12, '0')}-${randomUUID()}`
}

/** The bytes of objects, one file or row each, under generated names: a key never becomes a path. */
export class Blobs {
  readonly #dir: string
  readonly #db: DatabaseSync
  readonly #insertRow: StatementSync
  readonly #selectRow: StatementSync
  readonly #deleteRow: StatementSync

  constructor(dir: string, db: DatabaseSync) {
    this.#dir = path.join(dir, 'blobs')
    this.#db = db
    this.#insertRow = db.prepare('INSERT INTO small_blobs (name, bytes) VALUES (?, ?)')
    this.#selectRow = db.prepare('SELECT bytes FROM small_blobs WHERE name = ?')
    this.#deleteRow = db.prepare('DELETE FROM small_blobs WHERE name = ?')
  }

  /** Removes bytes that a crash left behind. */
  async sweep(needed: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#dir, { recursive: true })
    const rows = this.#db.prepare('SELECT name FROM small_blobs').all()
    const names = [...(await readdir(this.#dir)), ...rows.map(({ name }) => String(name))]
    await this.remove(names.filter((name) => !needed.has(name)))
  }

  /** Stores the body of a PUT, and checks its length and checksum against the headers. Memory use does not depend on its size. */
  async receive(body: Readable | Buffer, headers: IncomingHttpHeaders): Promise<Blob> {
    const isChunked =
      headers['content-encoding']?.includes('aws-chunked') === true ||
      String(headers['x-amz-content-sha256']).startsWith('STREAMING-')
    const chunked = isChunked ? new AwsChunked() : undefined
    const digests = new Digests(`${Object.keys(headers).join()},${String(headers['x-amz-trailer'])}`.toLowerCase())
    const isRow = Buffer.isBuffer(body) && body.length <= MAX_ROW_BYTES
    const name = isRow ? newRowName() : randomUUID()
    try {
      if (isRow) {
        digests.add(body)
      } else {
        const source = Buffer.isBuffer(body) ? Readable.from([body]) : body
        const meter = new DigestingStream(digests)
        const file = createWriteStream(this.#path(name))
        await (chunked === undefined ? pipeline(source, meter, file) : pipeline(source, chunked, meter, file))
      }
      return { name, ...digests.check({ ...headers, ...chunked?.trailers }), ...(isRow && { row: body }) }
    } catch (error) {
      await this.remove([name])
      throw error
    }
  }

  keep({ name, row }: Pick<Blob, 'name' | 'row'>): void {
    if (row !== undefined) this.#insertRow.run(name, row)
  }

  /** Concatenates blobs, for multipart uploads. */
  async join(names: readonly string[]): Promise<string> {
    const joined = randomUUID()
    try {
      for (const name of names) await pipeline(await this.#stream(name), createWriteStream(this.#path(joined), { flags: 'a' }))
    } catch (error) {
      await this.remove([joined])
      throw error
    }
    return joined
  }

  /**
   * The bytes from `start` to `end` (inclusive). Opens the file before the first byte is sent, so that a reader can finish after the object
   * was deleted or replaced.
   */
  async read(name: string, start = 0, end = Infinity): Promise<Readable | Buffer> {
    if (!name.startsWith(ROW_PREFIX)) {
      const handle = await open(this.#path(name))
      return handle.createReadStream({ start, end, highWaterMark: 256 * 1024 })
    }
    const bytes = this.#selectRow.get(name)?.bytes
    if (!(bytes instanceof Uint8Array)) throw new Error(`The bytes of an object are missing: ${name}.`)
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(bytes.length, end + 1) - start)
  }

  async #stream(name: string): Promise<Readable> {
    const bytes = await this.read(name)
    return Buffer.isBuffer(bytes) ? Readable.from([bytes]) : bytes
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (name.startsWith(ROW_PREFIX)) this.#deleteRow.run(name)
      else await rm(this.#path(name), { force: true })
    }
  }

  #path(name: string): string {
    return path.join(this.#dir, name)
  }
}

/** Checksums that are not supported. By default SDKs send CRC-32, which is. */
const UNSUPPORTED_CHECKSUMS = ['x-amz-checksum-crc32c', 'x-amz-checksum-crc64nvme']

/** Passes bytes through, and digests them. */
class DigestingStream extends Transform {
  readonly #digests: Digests

  constructor(digests: Digests) {
    super()
    this.#digests = digests
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#digests.add(chunk)
    done(null, chunk)
  }
}

/** Counts bytes, and computes their digests. */
class Digests {
  readonly #md5 = createHash('md5')
  readonly #sha1: Hash | undefined
  readonly #sha256: Hash | undefined
  #crc32 = 0
  #size = 0

  /** @param announced names of the headers and trailers: only the digests that they announce are computed */
  constructor(announced: string) {
    this.#sha1 = announced.includes('checksum-sha1') ? createHash('sha1') : undefined
    this.#sha256 = announced.includes('checksum-sha256') ? createHash('sha256') : undefined
  }

  add(chunk: Buffer): void {
    this.#md5.update(chunk)
    this.#sha1?.update(chunk)
    this.#sha256?.update(chunk)
    this.#crc32 = crc32(chunk, this.#crc32)
    this.#size += chunk.length
  }

  /** Ends the digests. @param headers with the length and the digests that the client has computed @throws S3Error if one is wrong */
  check(headers: Readonly<Record<string, string | string[] | undefined>>): Pick<Blob, 'size' | 'md5'> {
    const length = headers['x-amz-decoded-content-length']
    if (length !== undefined && Number(length) !== this.#size) {
      throw new S3Error(
        400,
        'IncompleteBody',
        'You did not provide the number of bytes specified by the Content-Length HTTP header',
      )
    }
    const unsupported = UNSUPPORTED_CHECKSUMS.find((name) => headers[name] !== undefined)
    if (unsupported !== undefined) throw notImplemented(unsupported)
    const md5 = this.#md5.digest()
    const known: Readonly<Record<string, () => string | undefined>> = {
      'content-md5': () => md5.toString('base64'),
      'x-amz-checksum-crc32': () => uint32(this.#crc32).toString('base64'),
      'x-amz-checksum-sha1': () => this.#sha1?.digest('base64'),
      'x-amz-checksum-sha256': () => this.#sha256?.digest('base64'),
    }
    for (const [name, digest] of Object.entries(known)) {
      if (headers[name] !== undefined && headers[name] !== digest())
        throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match what we received.`)
    }
    return { size: this.#size, md5: md5.toString('hex') }
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
