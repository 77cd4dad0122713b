import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { S3Emulator } from '../../../emulators/s3/server.ts'
import { S3Error, untraced } from '../../../emulators/s3/xml.ts'
import { listObjects, listVersions } from './s3-listing.ts'
import { isEmpty, withShortcut } from './shortcut.ts'

type Emulator = Pick<S3Emulator, 'objects' | 'listObjects' | 'listVersions'>

export function s3InProcess(client: S3Client, emulator: Emulator): S3Client {
  return withShortcut(client, (command) => {
    if (command instanceof PutObjectCommand) return put(emulator.objects, command.input)
    if (command instanceof GetObjectCommand) return read(emulator.objects, 'GET', command.input)
    if (command instanceof HeadObjectCommand) return read(emulator.objects, 'HEAD', command.input)
    if (command instanceof ListObjectsV2Command) return listObjects(emulator, command.input)
    if (command instanceof ListObjectVersionsCommand) return listVersions(emulator, command.input)
    return undefined
  })
}

type Objects = Emulator['objects']

async function put(objects: Objects, input: PutObjectCommandInput): Promise<PutObjectCommandOutput | undefined> {
  const {
    Bucket = '',
    Key = '',
    Body,
    ContentType = 'application/octet-stream', // that of the SDK
    Metadata = {},
    IfMatch,
    IfNoneMatch,
    ContentLength: _length,
    ...others
  } = input
  if (!isEmpty(others) || !(typeof Body === 'string' || Buffer.isBuffer(Body))) return undefined
  const metadata = Object.entries(Metadata).map(([name, value]): [string, string] => [
    `${METADATA_PREFIX}${name.toLowerCase()}`,
    value,
  ])
  const headers = {
    'content-type': ContentType,
    'if-match': IfMatch,
    'if-none-match': IfNoneMatch,
    ...Object.fromEntries(metadata),
  }
  const { etag, versionId } = await objects.write(Bucket, Key, Buffer.from(Body), headers)
  return { $metadata: {}, ETag: `"${etag}"`, ...versionOf(versionId) }
}

async function read(objects: Objects, method: 'GET' | 'HEAD', input: GetObjectCommandInput): Promise<object | undefined> {
  const { Bucket = '', Key = '', VersionId, IfMatch, Range, ...others } = input
  if (!isEmpty(others)) return undefined
  const conditions = { 'if-match': IfMatch, range: Range }
  const answer = objects.read(Bucket, Key, VersionId, { method, headers: conditions })
  const { headers, body = Buffer.alloc(0) } = await answer.catch((error: unknown) => {
    throw error instanceof S3Error && error.code === 'NoSuchKey' ? noSuchKey(error, method) : error
  })
  return {
    $metadata: {},
    AcceptRanges: headers['accept-ranges'],
    ETag: headers.etag,
    LastModified: new Date(headers['last-modified'] ?? 0),
    ContentLength: Number(headers['content-length']),
    ContentRange: headers['content-range'],
    ContentType: headers['content-type'],
    Metadata: metadataOf(headers),
    ...versionOf(headers['x-amz-version-id'] ?? 'null'),
    ...(method === 'GET' && { Body: Buffer.isBuffer(body) ? new BytesBody(body) : withTransforms(body) }),
  }
}

/** Many files have no report and no checkpoint yet. An answer to HEAD has no body that could hold the message. */
function noSuchKey({ message, status: httpStatusCode }: S3Error, method: 'GET' | 'HEAD'): NoSuchKey | NotFound {
  const $metadata = { httpStatusCode }
  return untraced(() =>
    method === 'HEAD' ? new NotFound({ message: 'UnknownError', $metadata }) : new NoSuchKey({ message, $metadata }),
  )
}

const METADATA_PREFIX = 'x-amz-meta-'

function metadataOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA_PREFIX))
  return Object.fromEntries(metadata.map(([name, value]) => [name.slice(METADATA_PREFIX.length), value]))
}

function versionOf(versionId: string): { readonly VersionId?: string } {
  return versionId === 'null' ? {} : { VersionId: versionId }
}

/** What the SDK adds to the body of a response, as far as this program uses it. */
function withTransforms(body: Readable): Readable {
  return Object.assign(body, {
    transformToString: async (encoding?: BufferEncoding) => (await buffer(body)).toString(encoding),
    transformToByteArray: () => buffer(body),
  })
}

/** The body of a response whose bytes are in memory. */
class BytesBody extends Readable {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    super()
    this.#bytes = bytes
  }

  override _read(): void {
    this.push(this.#bytes)
    this.push(null)
  }

  transformToString(encoding?: BufferEncoding): Promise<string> {
    return Promise.resolve(this.#bytes.toString(encoding))
  }

  transformToByteArray(): Promise<Uint8Array> {
    return Promise.resolve(this.#bytes)
  }
}
