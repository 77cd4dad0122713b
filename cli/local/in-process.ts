import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3'
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSServiceException,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { S3Emulator } from '../../emulators/s3/server.ts'
import { S3Error, untraced } from '../../emulators/s3/xml.ts'
import { SqsError } from '../../emulators/sqs/errors.ts'
import type { SqsEmulator } from '../../emulators/sqs/server.ts'

/**
 * Clients that call the emulators of the same process directly, for the operations that every file needs. A request of the SDK over HTTP
 * takes 1.5 ms of processor time, ten times as long as the emulator needs for it, and a small file needs a dozen of them.
 *
 * Every other operation uses HTTP.
 */
interface Command {
  readonly input: object
}

interface SendOptions {
  readonly abortSignal?: AbortSignal
}

/** @returns undefined if the command needs HTTP */
type Execute = (command: Command, options: SendOptions) => Promise<unknown> | undefined

function withShortcut<Client extends S3Client | SQSClient>(client: Client, execute: Execute): Client {
  const overHttp = client.send.bind(client) as (command: Command, options: SendOptions) => Promise<unknown>
  return Object.assign(client, {
    send: (command: Command, options: SendOptions = {}) => execute(command, options) ?? overHttp(command, options),
  })
}

const SQS_OPERATIONS = [
  ['ReceiveMessage', ReceiveMessageCommand],
  ['DeleteMessage', DeleteMessageCommand],
  ['ChangeMessageVisibility', ChangeMessageVisibilityCommand],
  ['SendMessage', SendMessageCommand],
  ['SendMessageBatch', SendMessageBatchCommand],
  ['GetQueueAttributes', GetQueueAttributesCommand],
] as const

const NEVER = new AbortController().signal

export function sqsInProcess(client: SQSClient, emulator: Pick<SqsEmulator, 'execute'>): SQSClient {
  return withShortcut(client, (command, { abortSignal = NEVER }) => {
    const operation = SQS_OPERATIONS.find(([, type]) => command instanceof type)
    if (operation === undefined) return undefined
    return emulator.execute(operation[0], command.input, abortSignal).catch((error: unknown) => {
      throw error instanceof SqsError ? sqsException(error) : error
    })
  })
}

export function s3InProcess(client: S3Client, { objects }: Pick<S3Emulator, 'objects'>): S3Client {
  return withShortcut(client, (command) => {
    if (command instanceof PutObjectCommand) return put(objects, command.input)
    if (command instanceof GetObjectCommand) return read(objects, 'GET', command.input)
    if (command instanceof HeadObjectCommand) return read(objects, 'HEAD', command.input)
    return undefined
  })
}

type Objects = S3Emulator['objects']

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
  return objects.write(Bucket, Key, Buffer.from(Body), headers).then(
    ({ etag, versionId }) => ({ $metadata: {}, ETag: `"${etag}"`, ...versionOf(versionId) }),
    (error: unknown) => {
      throw error instanceof S3Error ? s3Exception(error, 'PUT') : error
    },
  )
}

function read(objects: Objects, method: 'GET' | 'HEAD', input: GetObjectCommandInput): Promise<unknown> | undefined {
  const { Bucket = '', Key = '', VersionId, IfMatch, Range, ...others } = input
  if (!isEmpty(others)) return undefined
  return objects.read(Bucket, Key, VersionId, { method, headers: { 'if-match': IfMatch, range: Range } }).then(
    ({ headers, body = Buffer.alloc(0) }) => ({
      $metadata: {},
      ETag: headers.etag,
      LastModified: new Date(headers['last-modified'] ?? 0),
      ContentLength: Number(headers['content-length']),
      ContentRange: headers['content-range'],
      ContentType: headers['content-type'],
      Metadata: metadataOf(headers),
      ...versionOf(headers['x-amz-version-id'] ?? 'null'),
      ...(method === 'GET' && { Body: Buffer.isBuffer(body) ? new BytesBody(body) : withTransforms(body) }),
    }),
    (error: unknown) => {
      throw error instanceof S3Error ? s3Exception(error, method) : error
    },
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

function isEmpty(input: object): boolean {
  return Object.values(input).every((value) => value === undefined)
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

function s3Exception({ code, message, status }: S3Error, method: string): S3ServiceException {
  const details = { message, $metadata: { httpStatusCode: status } }
  if (code === 'NoSuchKey') return untraced(() => (method === 'HEAD' ? new NotFound(details) : new NoSuchKey(details)))
  return new S3ServiceException({ ...details, name: code, $fault: status < 500 ? 'client' : 'server' })
}

function sqsException({ type, message, status }: SqsError): SQSServiceException {
  const name = type.slice(type.indexOf('#') + 1)
  return new SQSServiceException({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  })
}
