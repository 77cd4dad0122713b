import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable, Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Blob, Blobs } from './blobs.ts'
import { rangeOf } from './byte-range.ts'
import { checkPreconditions, isUnchanged } from './conditional-requests.ts'
import type { S3Faults } from './faults.ts'
import type { Notifications } from './notifications.ts'
import { NO_VERSION, type Store, type StoredObject, type Tag } from './store.ts'
import { documentOf, elements, S3Error, untraced } from './xml.ts'

const MAX_KEY_BYTES = 1_024

/** The answer to a GET or HEAD. */
export interface ObjectResponse {
  readonly status: 200 | 206 | 304
  readonly headers: Readonly<Record<string, string>>
  /** A buffer if the bytes were in memory already. */
  readonly body: Readable | Buffer | undefined
}

/** The operations on one object: put, copy, get, delete. */
export class Objects {
  readonly #store: Store
  readonly #blobs: Blobs
  readonly #notifications: Notifications
  readonly #faults: S3Faults

  constructor(store: Store, blobs: Blobs, notifications: Notifications, faults: S3Faults) {
    this.#store = store
    this.#blobs = blobs
    this.#notifications = notifications
    this.#faults = faults
  }

  async put(bucket: string, key: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const object = await this.write(bucket, key, request, request.headers)
    response.writeHead(200, { etag: `"${object.etag}"`, ...versionHeader(object) }).end()
  }

  /** @param headers of a PUT: conditions, metadata, checksums */
  async write(bucket: string, key: string, body: Readable | Buffer, headers: IncomingHttpHeaders): Promise<StoredObject> {
    this.#store.bucket(bucket)
    checkKey(key)
    // Before the bytes arrive; `commit` checks again.
    if (!Buffer.isBuffer(body)) checkPreconditions(headers, () => this.#current(bucket, key))
    const blob = await this.#blobs.receive(body, headers)
    return this.commit(
      { bucket, key, blob: blob.name, size: blob.size, etag: blob.md5, headers: storedHeaders(headers) },
      'ObjectCreated:Put',
      headers,
      blob,
    )
  }

  /** Adds an object whose bytes are on disk, together with its event, so that the event is never lost. On failure, removes the bytes. */
  async commit(
    fresh: Pick<StoredObject, 'bucket' | 'key' | 'blob' | 'size' | 'etag' | 'headers'>,
    event: string,
    conditions: IncomingHttpHeaders,
    blob?: Blob,
    tags: readonly Tag[] = [],
  ): Promise<StoredObject> {
    const object: StoredObject = {
      ...fresh,
      versionId: this.#newVersion(fresh.bucket),
      isLatest: true,
      isDeleteMarker: false,
      lastModified: Date.now(),
    }
    let unneeded: readonly string[]
    try {
      unneeded = this.#store.transaction(() => {
        checkPreconditions(conditions, () => this.#current(fresh.bucket, fresh.key)) // again: another request may have written the key while the bytes arrived
        if (blob !== undefined) this.#blobs.keep(blob)
        const replaced = this.#store.add(object)
        if (tags.length > 0) this.#store.tag(object, tags)
        this.#notifications.write(object, event)
        return replaced
      })
    } catch (error) {
      if (fresh.blob !== undefined) await this.#blobs.remove([fresh.blob])
      throw error
    }
    this.#notifications.deliver()
    await this.#blobs.remove(unneeded)
    return object
  }

  async copy(bucket: string, key: string, source: string, headers: IncomingHttpHeaders, response: ServerResponse): Promise<void> {
    const [path = '', query] = source.replace(/^\//, '').split('?')
    const [fromBucket = '', ...rest] = decodeURIComponent(path).split('/')
    const versionId = new URLSearchParams(query).get('versionId') ?? undefined
    const from = this.find(fromBucket, rest.join('/'), versionId)
    checkKey(key)
    const replaces = headers['x-amz-metadata-directive'] === 'REPLACE'
    const blob = await this.#blobs.join(from.blob === undefined ? [] : [from.blob])
    const fresh = {
      bucket,
      key,
      blob,
      size: from.size,
      etag: from.etag,
      headers: replaces ? storedHeaders(headers) : from.headers,
    }
    const object = await this.commit(fresh, 'ObjectCreated:Copy', {}, undefined, this.#store.tagsOf(from))
    response.writeHead(200, { 'content-type': 'application/xml', ...versionHeader(object) })
    response.end(
      documentOf(
        'CopyObjectResult',
        elements({ ETag: `"${object.etag}"`, LastModified: new Date(object.lastModified).toISOString() }),
      ),
    )
  }

  /** @throws S3Error NoSuchKey, NoSuchVersion, or MethodNotAllowed if the version is a delete marker */
  find(bucket: string, key: string, versionId: string | undefined): StoredObject {
    this.#store.bucket(bucket)
    if (versionId === undefined) {
      const latest = this.#store.latest(bucket, key)
      if (latest === undefined) throw untraced(() => new S3Error(404, 'NoSuchKey', 'The specified key does not exist.'))
      if (latest.isDeleteMarker)
        throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', {
          'x-amz-delete-marker': 'true',
          ...versionHeader(latest),
        })
      return latest
    }
    const version = this.#store.version(bucket, key, versionId)
    if (version === undefined) throw new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.')
    if (version.isDeleteMarker)
      throw new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        'x-amz-delete-marker': 'true',
      })
    return version
  }

  async get(
    bucket: string,
    key: string,
    versionId: string | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { status, headers, body } = await this.read(bucket, key, versionId, request)
    response.writeHead(status, headers)
    if (body === undefined) {
      response.end()
      return
    }
    // A reader may close the connection early; that is not an error.
    await pipeline(Buffer.isBuffer(body) ? Readable.from([body]) : body, new BodyFault(this.#faults, response), response).catch(
      () => response.destroy(),
    )
  }

  /** @param request its method is GET or HEAD; its headers may hold conditions and a range */
  async read(
    bucket: string,
    key: string,
    versionId: string | undefined,
    request: Pick<IncomingMessage, 'method' | 'headers'>,
  ): Promise<ObjectResponse> {
    const object = this.find(bucket, key, versionId)
    const head = {
      etag: `"${object.etag}"`,
      'last-modified': new Date(object.lastModified).toUTCString(),
      'accept-ranges': 'bytes',
      ...object.headers,
      ...versionHeader(object),
    }
    if (isUnchanged(request.headers, object)) return { status: 304, headers: head, body: undefined }
    const { start, end, isPart } = rangeOf(request.headers.range, object.size)
    const length = Math.max(0, end - start + 1)
    const headers = {
      ...head,
      'content-length': String(length),
      ...(isPart && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
    }
    const isEmpty = request.method === 'HEAD' || length === 0 || object.blob === undefined
    const body = isEmpty ? undefined : await this.#blobs.read(object.blob, start, end)
    return { status: isPart ? 206 : 200, headers, body }
  }

  /** @returns the deleted version, or the delete marker that now hides the key */
  async remove(
    bucket: string,
    key: string,
    versionId: string | undefined,
    headers: IncomingHttpHeaders,
  ): Promise<{ readonly versionId: string; readonly isDeleteMarker: boolean } | undefined> {
    const { versioning } = this.#store.bucket(bucket)
    const { removed, unneeded } = this.#store.transaction(() => {
      checkPreconditions(headers, () => this.#current(bucket, key))
      const named = versionId ?? (versioning === undefined ? NO_VERSION : undefined)
      if (named === undefined) return { removed: this.#hide(bucket, key), unneeded: [] }
      const version = this.#store.version(bucket, key, named)
      if (version === undefined) return { removed: undefined, unneeded: [] }
      const blobs = this.#store.remove(version)
      this.#notifications.write(version, 'ObjectRemoved:Delete')
      return { removed: version, unneeded: blobs }
    })
    this.#notifications.deliver()
    await this.#blobs.remove(unneeded)
    return removed
  }

  #hide(bucket: string, key: string): StoredObject {
    const marker = {
      bucket,
      key,
      versionId: this.#newVersion(bucket),
      isDeleteMarker: true,
      blob: undefined,
      size: 0,
      etag: '',
      lastModified: Date.now(),
      headers: {},
    }
    this.#store.add(marker)
    const object = { ...marker, isLatest: true }
    this.#notifications.write(object, 'ObjectRemoved:DeleteMarkerCreated')
    return object
  }

  #current(bucket: string, key: string): StoredObject | undefined {
    const latest = this.#store.latest(bucket, key)
    return latest?.isDeleteMarker === true ? undefined : latest
  }

  #newVersion(bucket: string): string {
    return this.#store.bucket(bucket).versioning === 'Enabled' ? randomUUID().replaceAll('-', '') : NO_VERSION
  }
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long')
}

export function versionHeader({ versionId }: { readonly versionId: string }): Record<string, string> {
  return versionId === NO_VERSION ? {} : { 'x-amz-version-id': versionId }
}

const STORED_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires']

/** The headers of an upload that a reader of the object gets back. */
export function storedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const stored = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && (STORED_HEADERS.includes(name) || name.startsWith('x-amz-meta-')),
  )
  const encoding = headers['content-encoding']
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== 'aws-chunked')
    .join(', ')
  return {
    'content-type': 'binary/octet-stream',
    ...Object.fromEntries(stored.map(([name, value]) => [name, String(value)])),
    ...(encoding !== undefined && encoding !== '' && { 'content-encoding': encoding }),
  }
}

/** Passes a body through, with the fault that a test has requested. */
class BodyFault extends Transform {
  readonly #truncated: number | undefined
  readonly #stallAt: number | undefined
  readonly #response: ServerResponse
  #bytes = 0

  constructor(faults: S3Faults, response: ServerResponse) {
    super()
    const [truncated = faults.cutBodyAt, ...cutLater] = faults.cutBodiesAt
    this.#truncated = truncated
    this.#stallAt = faults.stallBodyAt
    this.#response = response
    faults.cutBodyAt = faults.stallBodyAt = undefined
    faults.cutBodiesAt = cutLater
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const limit = this.#truncated ?? this.#stallAt ?? Infinity
    const kept = chunk.subarray(0, Math.max(0, limit - this.#bytes))
    this.#bytes += kept.length
    if (kept.length === chunk.length) {
      done(null, chunk)
      return
    }
    this.push(kept)
    if (this.#truncated !== undefined) setImmediate(() => this.#response.socket?.resetAndDestroy())
    // To stall, never call `done`.
  }
}
