import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Blobs } from './blobs.ts'
import { storedHeaders, versionHeader, type Objects } from './objects.ts'
import type { Store } from './store.ts'
import { contentsOf, documentOf, elements, S3Error, textOf } from './xml.ts'

const MIN_PART_BYTES = 5 * 1_048_576

interface Part {
  readonly number: number
  readonly blob: string
  readonly size: number
  readonly md5: string
}

/** Multipart uploads. */
export class Multipart {
  readonly #store: Store
  readonly #blobs: Blobs
  readonly #objects: Objects

  constructor(store: Store, blobs: Blobs, objects: Objects) {
    this.#store = store
    this.#blobs = blobs
    this.#objects = objects
  }

  create(bucket: string, key: string, { headers }: IncomingMessage): string {
    this.#store.bucket(bucket)
    const id = randomUUID()
    this.#store.db
      .prepare('INSERT INTO uploads (id, bucket, key, headers) VALUES (?, ?, ?, ?)')
      .run(id, bucket, key, JSON.stringify(storedHeaders(headers)))
    return documentOf('InitiateMultipartUploadResult', elements({ Bucket: bucket, Key: key, UploadId: id }))
  }

  async putPart(
    bucket: string,
    key: string,
    id: string,
    number: number,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    this.#headersOf(bucket, key, id)
    if (!Number.isInteger(number) || number < 1 || number > 10_000)
      throw new S3Error(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive')
    const { name, size, md5 } = await this.#blobs.receive(request, request.headers)
    const replaced = this.#parts(id).find((part) => part.number === number)
    this.#store.db
      .prepare('INSERT OR REPLACE INTO parts (upload, number, blob, size, md5) VALUES (?, ?, ?, ?, ?)')
      .run(id, number, name, size, md5)
    if (replaced !== undefined) await this.#blobs.remove([replaced.blob])
    response.writeHead(200, { etag: `"${md5}"` }).end()
  }

  list(bucket: string, key: string, id: string): string {
    this.#headersOf(bucket, key, id)
    const parts = this.#parts(id).map(
      ({ number, size, md5 }) => `<Part>${elements({ PartNumber: number, ETag: `"${md5}"`, Size: size })}</Part>`,
    )
    return documentOf(
      'ListPartsResult',
      elements({ Bucket: bucket, Key: key, UploadId: id, IsTruncated: false }) + parts.join(''),
    )
  }

  async complete(
    bucket: string,
    key: string,
    id: string,
    xml: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const headers = this.#headersOf(bucket, key, id)
    const parts = this.#chosen(id, xml)
    const blob = await this.#blobs.join(parts.map((part) => part.blob))
    const md5 = createHash('md5')
    for (const part of parts) md5.update(Buffer.from(part.md5, 'hex'))
    const etag = `${md5.digest('hex')}-${parts.length}`
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    const object = await this.#objects.commit(
      { bucket, key, blob, size, etag, headers },
      'ObjectCreated:CompleteMultipartUpload',
      request.headers,
    )
    await this.#forget(id)
    response.writeHead(200, { 'content-type': 'application/xml', ...versionHeader(object) })
    response.end(documentOf('CompleteMultipartUploadResult', elements({ Bucket: bucket, Key: key, ETag: `"${etag}"` })))
  }

  async abort(bucket: string, key: string, id: string): Promise<void> {
    this.#headersOf(bucket, key, id)
    await this.#forget(id)
  }

  #chosen(id: string, xml: string): readonly Part[] {
    const uploaded = new Map(this.#parts(id).map((part) => [part.number, part]))
    const chosen = contentsOf(xml, 'Part').map((part) => {
      const found = uploaded.get(Number(textOf(part, 'PartNumber')))
      if (found === undefined || found.md5 !== textOf(part, 'ETag')?.replaceAll('"', '')) {
        throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
      }
      return found
    })
    if (chosen.length === 0)
      throw new S3Error(
        400,
        'MalformedXML',
        'The XML you provided was not well-formed or did not validate against our published schema',
      )
    if (chosen.some(({ number }, index) => number <= (chosen[index - 1]?.number ?? 0))) {
      throw new S3Error(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
    }
    if (chosen.slice(0, -1).some(({ size }) => size < MIN_PART_BYTES)) {
      throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
    }
    return chosen
  }

  async #forget(id: string): Promise<void> {
    const blobs = this.#parts(id).map(({ blob }) => blob)
    this.#store.transaction(() => {
      this.#store.db.prepare('DELETE FROM parts WHERE upload = ?').run(id)
      this.#store.db.prepare('DELETE FROM uploads WHERE id = ?').run(id)
    })
    await this.#blobs.remove(blobs)
  }

  #headersOf(bucket: string, key: string, id: string): Record<string, string> {
    const row = this.#store.db.prepare('SELECT headers FROM uploads WHERE id = ? AND bucket = ? AND key = ?').get(id, bucket, key)
    if (row === undefined) throw new S3Error(404, 'NoSuchUpload', 'The specified upload does not exist.')
    return JSON.parse(String(row.headers)) as Record<string, string> // only `create` writes the column
  }

  #parts(id: string): readonly Part[] {
    return this.#store.db
      .prepare('SELECT * FROM parts WHERE upload = ? ORDER BY number')
      .all(id)
      .map((row) => ({ number: Number(row.number), blob: String(row.blob), size: Number(row.size), md5: String(row.md5) }))
  }
}
