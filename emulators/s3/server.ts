import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refusalOf } from '../local-only.ts'
import { isSigned, type Credentials } from '../signature.ts'
import { Blobs } from './blobs.ts'
import { answerBucket } from './buckets.ts'
import { noFaults, type S3Faults } from './faults.ts'
import {
  pageOfObjects,
  pageOfVersions,
  type ObjectPage,
  type ObjectQuery,
  type VersionPage,
  type VersionQuery,
} from './listing.ts'
import { Multipart } from './multipart.ts'
import { Notifications, type OnEvent } from './notifications.ts'
import { Objects, versionHeader } from './objects.ts'
import { Store, type WrittenObject } from './store.ts'
import { Tagging } from './tagging.ts'
import { answerXml, textBody, type Call, type Service } from './wire.ts'
import { documentOf, elements, errorDocument, notImplemented, S3Error } from './xml.ts'

export interface S3Options {
  /** Folder of the state; created if missing. */
  readonly dir: string
  /** @default any free port */
  readonly port?: number
  readonly region?: string
  /** The only credentials that are accepted. @default any, and requests without a signature */
  readonly credentials?: Credentials
  /** Receives the events of the buckets' notifications. */
  readonly onEvent?: OnEvent
}

export interface S3Emulator {
  readonly url: string
  readonly port: number
  readonly faults: S3Faults
  /** The operations on objects without HTTP. Faults do not strike them. */
  readonly objects: Pick<Objects, 'read' | 'write'>
  listObjects(bucket: string, query: ObjectQuery): ObjectPage
  listVersions(bucket: string, query: VersionQuery): VersionPage
  /**
   * The current objects under a prefix that were written after `sequence`, the oldest first: cheaper than a listing where only a few of many
   * have changed.
   */
  writtenAfter(sequence: number, bucket: string, prefix: string): readonly WrittenObject[]
  /** Number of the last write. */
  lastSequence(): number
  stop(): Promise<void>
}

/**
 * Starts the S3 emulator: path-style addresses, objects as files, an index in SQLite. The AWS SDK needs only its address.
 *
 * It answers 501 to what it does not support (docs/emulators.md).
 *
 * @throws Error with code EADDRINUSE if the port is in use
 */
export async function startS3({
  dir,
  port = 0,
  region = 'us-east-1',
  credentials,
  onEvent = () => Promise.resolve(),
}: S3Options): Promise<S3Emulator> {
  // No keep-alive timeout: a client could reuse a connection at the moment when the server closes it, and an upload as a stream cannot be
  // repeated.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const faults = noFaults()
  const store = new Store(dir)
  const blobs = new Blobs(dir, store.db)
  await blobs.sweep(store.blobs())
  const notifications = new Notifications(store, region, onEvent, faults)
  const objects = new Objects(store, blobs, notifications, faults)
  const service: Service = {
    store,
    blobs,
    notifications,
    objects,
    multipart: new Multipart(store, blobs, objects),
    tagging: new Tagging(store, objects, notifications),
    region,
    faults,
  }
  notifications.deliver() // events that a crash left undelivered
  server.on('request', (request, response) => {
    void answer(service, credentials, request, response)
  })
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    faults,
    objects,
    listObjects: (bucket, query) => pageOfObjects(store, bucket, query),
    listVersions: (bucket, query) => pageOfVersions(store, bucket, query),
    writtenAfter: (sequence, bucket, prefix) => store.writtenAfter(sequence, bucket, prefix),
    lastSequence: () => store.lastSequence(),
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      await notifications.stop()
      store.close()
    },
  }
}

async function answer(
  service: Service,
  credentials: Credentials | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase()
  response.setHeader('x-amz-request-id', requestId)
  response.setHeader('x-amz-id-2', 'local')
  try {
    checkAccess(request, credentials)
    await route(service, readCall(request, response))
  } catch (error) {
    answerError(request, response, error, requestId)
  }
}

function checkAccess({ method = '', url = '', headers }: IncomingMessage, credentials: Credentials | undefined): void {
  const refusal = refusalOf(headers)
  if (refusal !== undefined) throw new S3Error(403, 'AccessDenied', refusal)
  const payloadHash = String(headers['x-amz-content-sha256'])
  if (credentials !== undefined && !isSigned({ method, url, headers, payloadHash }, credentials))
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The request is not signed with the credentials in the state folder.')
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown, requestId: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const s3Error = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error))
  request.resume() // reads the rest of the body, so that the connection can be reused
  response.writeHead(s3Error.status, { ...s3Error.headers, 'content-type': 'application/xml' })
  response.end(request.method === 'HEAD' ? undefined : errorDocument(s3Error, request.url ?? '', requestId))
}

/** Query parameters that only change the answer. Any other parameter names a subresource. */
const PLAIN_PARAMETER =
  /^(x-id|x-amz-.*|list-type|prefix|delimiter|max-keys|continuation-token|start-after|encoding-type|fetch-owner|key-marker|version-id-marker|uploadId|partNumber|versionId)$/i

/** Unsupported headers that change what a request means, so they must not be ignored. */
const UNSUPPORTED_HEADERS =
  /^x-amz-(server-side-encryption-customer|copy-source-server|tagging|object-lock|website|grant|write-offset|if-match-|bucket-object-lock)|^if-range$/

function readCall(request: IncomingMessage, response: ServerResponse): Call {
  const unsupported = Object.keys(request.headers).find((name) => UNSUPPORTED_HEADERS.test(name))
  if (unsupported !== undefined) throw notImplemented(`The header ${unsupported}`)
  const [path = '/', search = ''] = (request.url ?? '/').split('?', 2)
  const [bucket = '', ...key] = path.slice(1).split('/')
  const query = new URLSearchParams(search)
  const unknown = [...query.keys()].filter((name) => !PLAIN_PARAMETER.test(name))
  const reshaping = unknown.find((name) => name.startsWith('response-'))
  if (reshaping !== undefined) throw notImplemented(`?${reshaping}`)
  return {
    request,
    response,
    method: request.method ?? 'GET',
    bucket: decodePath(bucket),
    key: decodePath(key.join('/')),
    query,
    subresource: unknown[0],
  }
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.")
  }
}

async function route(service: Service, call: Call): Promise<void> {
  if (call.bucket === '') {
    answerBuckets(service, call)
    return
  }
  if (call.key === '') {
    await answerBucket(service, call)
    return
  }
  if (service.faults.slowDown > 0) {
    service.faults.slowDown -= 1
    throw new S3Error(503, 'SlowDown', 'Please reduce your request rate.')
  }
  await (call.query.has('uploadId') || call.subresource === 'uploads' ? answerUpload(service, call) : answerObject(service, call))
}

function answerBuckets({ store }: Service, { method, subresource, response }: Call): void {
  if (method !== 'GET' || subresource !== undefined) throw notImplemented(`${method} on the service`)
  const all = store
    .buckets()
    .map(({ name, createdAt }) => `<Bucket>${elements({ Name: name, CreationDate: new Date(createdAt).toISOString() })}</Bucket>`)
  answerXml(response, documentOf('ListAllMyBucketsResult', `<Buckets>${all.join('')}</Buckets>`))
}

async function answerUpload({ multipart }: Service, call: Call): Promise<void> {
  const { method, bucket, key, query, request, response } = call
  const id = query.get('uploadId') ?? ''
  if (method === 'POST' && call.subresource === 'uploads') {
    answerXml(response, multipart.create(bucket, key, request))
  } else if (method === 'PUT' && query.has('partNumber')) {
    if (request.headers['x-amz-copy-source'] !== undefined) throw notImplemented('UploadPartCopy')
    await multipart.putPart(bucket, key, id, Number(query.get('partNumber')), request, response)
  } else if (method === 'GET') {
    answerXml(response, multipart.list(bucket, key, id))
  } else if (method === 'POST') {
    await multipart.complete(bucket, key, id, await textBody(request), request, response)
  } else if (method === 'DELETE') {
    await multipart.abort(bucket, key, id)
    response.writeHead(204).end()
  } else {
    throw notImplemented(`${method} on an upload`)
  }
}

async function answerTags(tagging: Tagging, { method, bucket, key, query, request, response }: Call): Promise<void> {
  const named = { bucket, key, versionId: query.get('versionId') ?? undefined }
  if (method === 'GET') tagging.get(named, response)
  else if (method === 'PUT') tagging.replace(named, await textBody(request), response)
  else if (method === 'DELETE') tagging.replace(named, undefined, response)
  else throw notImplemented(`${method} on the tags of an object`)
}

async function answerObject({ objects, tagging }: Service, call: Call): Promise<void> {
  const { method, bucket, key, query, request, response, subresource } = call
  if (subresource === 'tagging') {
    await answerTags(tagging, call)
    return
  }
  if (subresource !== undefined) throw notImplemented(`?${subresource} of an object`)
  const versionId = query.get('versionId') ?? undefined
  if (method === 'GET' || method === 'HEAD') {
    await objects.get(bucket, key, versionId, request, response)
  } else if (method === 'PUT') {
    const source = request.headers['x-amz-copy-source']
    if (typeof source === 'string') await objects.copy(bucket, key, source, request.headers, response)
    else await objects.put(bucket, key, request, response)
  } else if (method === 'DELETE') {
    const removed = await objects.remove(bucket, key, versionId, request.headers)
    response
      .writeHead(204, {
        ...(removed && versionHeader(removed)),
        ...(removed?.isDeleteMarker === true && { 'x-amz-delete-marker': 'true' }),
      })
      .end()
  } else {
    throw notImplemented(`${method} on an object`)
  }
}
