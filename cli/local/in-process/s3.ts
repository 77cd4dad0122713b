import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { S3Emulator } from '../../../emulators/s3/server.ts'
import { answer } from './s3-answer.ts'
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

function put(objects: Objects, input: PutObjectCommandInput): Promise<unknown> | undefined {
  const {
    Bucket = '',
    Key = '',
    Body,
    ContentType,
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
  return answer('PUT', async () => {
    const { etag, versionId } = await objects.write(Bucket, Key, Buffer.from(Body), headers)
    return { $metadata: {}, ETag: `"${etag}"`, ...versionOf(versionId) }
  })
}

function read(objects: Objects, method: 'GET' | 'HEAD', input: GetObjectCommandInput): Promise<unknown> | undefined {
  const { Bucket = '', Key = '', VersionId, IfMatch, Range, ...others } = input
  if (!isEmpty(others)) return undefined
  return answer(method, async () => {
    const conditions = { 'if-match': IfMatch, range: Range }
    const { headers, body = Buffer.alloc(0) } = await objects.read(Bucket, Key, VersionId, { method, headers: conditions })
    return {
      $metadata: {},
      ETag: headers.etag,
      LastModified: new Date(headers['last-modified'] ?? 0),
      ContentLength: Number(headers['content-length']),
      ContentRange: headers['content-range'],
      ContentType: headers['content-type'],
      Metadata: metadataOf(headers),
      ...versionOf(headers['x-amz-version-id'] ?? 'null'),
      ...(method === 'GET' && { Body: Buffer.isBuffer(body) ? new BytesBody(body) : withTransforms(body) }),
    }
  })
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
