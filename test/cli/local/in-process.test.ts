import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../../cli/local/services.ts'
import { TEST_WIRING } from '../../support/installation.ts'

/** Nothing is delivered twice to a client here, so a test can compare what each of them gets. */
const MAX_PAGE = 1_000

let folder: string
let services: LocalServices
let overHttp: { readonly s3: S3Client; readonly sqs: SQSClient }
/** Versions of the object `read`: the oldest first. */
const versions: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-in-process-'))
  services = await startLocalServices(folder, 0, { ...TEST_WIRING, bucket: { versioned: true, notifications: [] } })
  const { s3Url, sqsUrl, credentials } = services
  const options = { region: 'us-east-1', credentials, maxAttempts: 1 }
  overHttp = {
    s3: new S3Client({ ...options, endpoint: s3Url, forcePathStyle: true }),
    sqs: new SQSClient({ ...options, endpoint: sqsUrl }),
  }
  for (const Body of ['older', 'newer text'])
    versions.push((await services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'read', Body }))).VersionId ?? '')
  const Metadata = { size: '5', Note: 'two words' }
  await services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'described', Body: 'x', ContentType: 'text/x', Metadata }))
  await services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'empty', Body: '' }))
  await services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'large', Body: 'y'.repeat(100_000) }))
  await services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'deleted', Body: 'gone' }))
  const { VersionId = '' } = await services.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'deleted' }))
  versions.push(VersionId)
  for (let index = 0; index <= MAX_PAGE; index += 1)
    await services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `many/${String(index).padStart(4, '0')}`, Body: 'z' }))
})
afterAll(async () => {
  overHttp.s3.destroy()
  overHttp.sqs.destroy()
  await services.stop()
  await rm(folder, { recursive: true })
})

interface Client {
  send(command: object): Promise<object>
}

/** What a command leads to: everything that a program can see of its answer, or of its error. */
async function outcomeOf(client: S3Client | SQSClient, command: object): Promise<object> {
  try {
    const {
      $metadata: _,
      Body,
      ...output
    } = (await (client as unknown as Client).send(command)) as {
      readonly $metadata: unknown
      readonly Body?: { transformToString(): Promise<string> }
    }
    return { output: defined(output), ...(Body !== undefined && { body: await Body.transformToString() }) }
  } catch (error) {
    const { name, message, $fault, $metadata, constructor } = error as Error & Record<'$fault' | '$metadata', unknown>
    const { httpStatusCode } = $metadata as { readonly httpStatusCode?: number }
    return { name, message, $fault, httpStatusCode, type: constructor.name }
  }
}

/** A property that is undefined is one that is missing. */
function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}

const object = (more: object = {}) => ({ Bucket: BUCKET, Key: 'read', ...more })

test('a loop of calls leaves turns for everything else', async () => {
  let turns = 0
  using _timer = setInterval(() => {
    turns += 1
  }, 1)
  const count = new GetQueueAttributesCommand({ QueueUrl: services.deadLetterQueueUrl, AttributeNames: ['All'] })
  for (let calls = 0; turns === 0 && calls < 50_000; calls += 1) await services.sqs.send(count)
  expect(turns).toBeGreaterThan(0)
})

describe('S3: an answer in process is the answer over HTTP', () => {
  // prettier-ignore
  test.each<[string, () => object]>([
    ['an object',                                   () => new GetObjectCommand(object())],
    ['an object with metadata',                     () => new GetObjectCommand(object({ Key: 'described' }))],
    ['an object without bytes',                     () => new GetObjectCommand(object({ Key: 'empty' }))],
    ['an object that is a file',                    () => new GetObjectCommand(object({ Key: 'large' }))],
    ['a part of an object that is a file',          () => new GetObjectCommand(object({ Key: 'large', Range: 'bytes=99990-' }))],
    ['an older version',                            () => new GetObjectCommand(object({ VersionId: versions[0] }))],
    ['a part',                                      () => new GetObjectCommand(object({ Range: 'bytes=2-4' }))],
    ['the rest',                                    () => new GetObjectCommand(object({ Range: 'bytes=6-' }))],
    ['a part that ends after the object',           () => new GetObjectCommand(object({ Range: 'bytes=6-1000' }))],
    ['416: a part that begins after the object',    () => new GetObjectCommand(object({ Range: 'bytes=1000-' }))],
    ['416: a part of an object without bytes',      () => new GetObjectCommand(object({ Key: 'empty', Range: 'bytes=0-1' }))],
    ['404: no object',                              () => new GetObjectCommand(object({ Key: 'missing' }))],
    ['404: a deleted object',                       () => new GetObjectCommand(object({ Key: 'deleted' }))],
    ['404: no version',                             () => new GetObjectCommand(object({ VersionId: 'missing' }))],
    ['404: no bucket',                              () => new GetObjectCommand(object({ Bucket: 'missing' }))],
    ['405: a version that is a delete marker',      () => new GetObjectCommand(object({ Key: 'deleted', VersionId: versions[2] }))],
    ['412: another ETag',                           () => new GetObjectCommand(object({ IfMatch: '"other"' }))],
    ['a condition that only HTTP supports',         () => new GetObjectCommand(object({ IfNoneMatch: '"other"' }))],
    ['the head of an object',                       () => new HeadObjectCommand(object())],
    ['the head of an object with metadata',         () => new HeadObjectCommand(object({ Key: 'described' }))],
    ['the head of an object without bytes',         () => new HeadObjectCommand(object({ Key: 'empty' }))],
    ['404: no head',                                () => new HeadObjectCommand(object({ Key: 'missing' }))],
    ['404: no head of a deleted object',            () => new HeadObjectCommand(object({ Key: 'deleted' }))],
    ['404: no head of a version',                   () => new HeadObjectCommand(object({ VersionId: 'missing' }))],
    ['405: the head of a delete marker',            () => new HeadObjectCommand(object({ Key: 'deleted', VersionId: versions[2] }))],
    ['412: the head with another ETag',             () => new HeadObjectCommand(object({ IfMatch: '"other"' }))],
    ['a list of objects',                           () => new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'de' })],
    ['a list without objects',                      () => new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'missing/' })],
    ['the first page of a list',                    () => new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'many/' })],
    ['the next page of a list',                     () => new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'many/', ContinuationToken: Buffer.from('many/0999').toString('base64url') })],
    ['a list that only HTTP supports',              () => new ListObjectsV2Command({ Bucket: BUCKET, Delimiter: '/' })],
    ['404: a list of no bucket',                    () => new ListObjectsV2Command({ Bucket: 'missing' })],
    ['a list of versions',                          () => new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'read' })],
    ['a list of a deleted object',                  () => new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'deleted' })],
    ['a list without versions',                     () => new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'missing/' })],
    ['the first page of a list of versions',        () => new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'many/' })],
    ['the versions after one',                      () => new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'read', KeyMarker: 'read', VersionIdMarker: versions[1] })],
    ['404: a list of versions of no bucket',        () => new ListObjectVersionsCommand({ Bucket: 'missing' })],
  ])('%s', async (_what, command) => {
    expect(await outcomeOf(services.s3, command())).toEqual(await outcomeOf(overHttp.s3, command()))
  })

  // prettier-ignore
  test.each<[string, object]>([
    ['a text',                                      { Body: 'text' }],
    ['bytes with metadata',                         { Body: Buffer.from([0, 255]), ContentType: 'text/x', Metadata: { A: '1' } }],
    ['only if there is none',                       { Body: 'text', IfNoneMatch: '*' }],
    ['412: only if there is none, but there is',    { Body: 'text', Key: 'read', IfNoneMatch: '*' }],
    ['412: only if it is another',                  { Body: 'text', Key: 'read', IfMatch: '"other"' }],
    ['404: only if it is this one, but it is not',  { Body: 'text', Key: 'missing', IfMatch: '"other"' }],
    ['404: into no bucket',                         { Body: 'text', Bucket: 'missing' }],
    ['400: under a key that is too long',           { Body: 'text', Key: 'k'.repeat(1_025) }],
  ])('writing %s', async (_what, input) => {
    const write = async (client: S3Client, name: string) => {
      const outcome = await outcomeOf(client, new PutObjectCommand({ Bucket: BUCKET, Key: name, ...input }))
      const written = await outcomeOf(overHttp.s3, new GetObjectCommand({ Bucket: BUCKET, Key: name }))
      return JSON.stringify([outcome, written], (key, value: unknown) => (DRAWN.has(key) ? typeof value : value))
    }
    const name = _what.replaceAll(/\W+/g, '-')
    expect(await write(services.s3, `${name}/one`)).toBe(await write(overHttp.s3, `${name}/two`))
  })
})

/** What differs between two requests, by its name. */
const DRAWN = new Set([
  'VersionId',
  'LastModified',
  'MessageId',
  'ReceiptHandle',
  'SentTimestamp',
  'ApproximateFirstReceiveTimestamp',
  'message',
])

describe('SQS: an answer in process is the answer over HTTP', () => {
  const queue = (more: object = {}) => ({ QueueUrl: services.deadLetterQueueUrl, ...more })
  const noQueue = () => ({ QueueUrl: services.deadLetterQueueUrl.replace(/[^/]+$/, 'missing') })
  const entries = (...Entries: readonly object[]) => queue({ Entries }) as never
  const attributes = { Reason: { DataType: 'String', StringValue: 'broken' } }

  async function received(client: SQSClient): Promise<string> {
    await client.send(new SendMessageCommand({ QueueUrl: services.deadLetterQueueUrl, MessageBody: 'text' }))
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: services.deadLetterQueueUrl }))
    return Messages[0]?.ReceiptHandle ?? ''
  }
  async function deleted(client: SQSClient): Promise<string> {
    const ReceiptHandle = await received(client)
    await client.send(new DeleteMessageCommand({ QueueUrl: services.deadLetterQueueUrl, ReceiptHandle }))
    return ReceiptHandle
  }
  async function replaced(client: SQSClient): Promise<string> {
    const { QueueUrl } = { QueueUrl: services.deadLetterQueueUrl }
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'text' }))
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }))
    await client.send(new ReceiveMessageCommand({ QueueUrl }))
    return Messages[0]?.ReceiptHandle ?? ''
  }
  const filled = async (client: SQSClient) => {
    await client.send(new SendMessageCommand({ ...queue(), MessageBody: 'text', MessageAttributes: attributes }))
    return ''
  }
  const nothing = () => Promise.resolve('')

  // prettier-ignore
  test.each<[string, (client: SQSClient) => Promise<string>, (handle: string) => object]>([
    ['a message is sent',                      nothing,  () => new SendMessageCommand(queue({ MessageBody: 'text' }) as never)],
    ['a message with attributes is sent',      nothing,  () => new SendMessageCommand(queue({ MessageBody: 'text', MessageAttributes: attributes, DelaySeconds: 1 }) as never)],
    ['no queue to send to',                    nothing,  () => new SendMessageCommand({ ...noQueue(), MessageBody: 'text' })],
    ['a message without text',                 nothing,  () => new SendMessageCommand(queue({ MessageBody: '' }) as never)],
    ['a message that is too long',             nothing,  () => new SendMessageCommand(queue({ MessageBody: 'x'.repeat(1_048_577) }) as never)],
    ['a delay that is too long',               nothing,  () => new SendMessageCommand(queue({ MessageBody: 'text', DelaySeconds: 901 }) as never)],
    ['a batch is sent',                        nothing,  () => new SendMessageBatchCommand(entries({ Id: '0', MessageBody: 'text' }, { Id: '1', MessageBody: 'text', MessageAttributes: attributes }))],
    ['a batch of which one message fails',     nothing,  () => new SendMessageBatchCommand(entries({ Id: '0', MessageBody: 'text' }, { Id: '1', MessageBody: 'bad \u0001' }))],
    ['a batch with the same id twice',         nothing,  () => new SendMessageBatchCommand(entries({ Id: '0', MessageBody: 'text' }, { Id: '0', MessageBody: 'text' }))],
    ['a batch that is too long',               nothing,  () => new SendMessageBatchCommand(entries({ Id: '0', MessageBody: 'x'.repeat(600_000) }, { Id: '1', MessageBody: 'x'.repeat(600_000) }))],
    ['an empty batch',                         nothing,  () => new SendMessageBatchCommand(entries())],
    ['no queue to send a batch to',            nothing,  () => new SendMessageBatchCommand({ ...noQueue(), Entries: [{ Id: '0', MessageBody: 'text' }] })],
    ['nothing is received',                    nothing,  () => new ReceiveMessageCommand(queue())],
    ['a message is received',                  filled,   () => new ReceiveMessageCommand(queue())],
    ['a message with attributes is received',  filled,   () => new ReceiveMessageCommand(queue({ MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] }))],
    ['no queue to receive from',               nothing,  () => new ReceiveMessageCommand(noQueue())],
    ['too many messages at once',              nothing,  () => new ReceiveMessageCommand(queue({ MaxNumberOfMessages: 11 }))],
    ['a message is deleted',                   received, (handle) => new DeleteMessageCommand(queue({ ReceiptHandle: handle }) as never)],
    ['a message is deleted twice',             deleted,  (handle) => new DeleteMessageCommand(queue({ ReceiptHandle: handle }) as never)],
    ['a stale receipt deletes nothing',        replaced, (handle) => new DeleteMessageCommand(queue({ ReceiptHandle: handle }) as never)],
    ['a receipt that is none',                 nothing,  () => new DeleteMessageCommand(queue({ ReceiptHandle: 'none' }) as never)],
    ['no queue to delete from',                nothing,  () => new DeleteMessageCommand({ ...noQueue(), ReceiptHandle: 'none' })],
    ['a message is hidden',                    received, (handle) => new ChangeMessageVisibilityCommand(queue({ ReceiptHandle: handle, VisibilityTimeout: 60 }) as never)],
    ['a deleted message is hidden',            deleted,  (handle) => new ChangeMessageVisibilityCommand(queue({ ReceiptHandle: handle, VisibilityTimeout: 60 }) as never)],
    ['a stale receipt hides nothing',          replaced, (handle) => new ChangeMessageVisibilityCommand(queue({ ReceiptHandle: handle, VisibilityTimeout: 60 }) as never)],
    ['a message is hidden for too long',       received, (handle) => new ChangeMessageVisibilityCommand(queue({ ReceiptHandle: handle, VisibilityTimeout: 43_201 }) as never)],
    ['a batch is hidden',                      received, (handle) => new ChangeMessageVisibilityBatchCommand(entries({ Id: '0', ReceiptHandle: handle, VisibilityTimeout: 60 }))],
    ['a batch of which one is not hidden',     received, (handle) => new ChangeMessageVisibilityBatchCommand(entries({ Id: '0', ReceiptHandle: handle, VisibilityTimeout: 60 }, { Id: '1', ReceiptHandle: 'none', VisibilityTimeout: 60 }))],
    ['the counts of a queue',                  filled,   () => new GetQueueAttributesCommand(queue({ AttributeNames: ['ApproximateNumberOfMessages', 'MessageRetentionPeriod'] }))],
    ['an attribute that does not exist',       nothing,  () => new GetQueueAttributesCommand(queue({ AttributeNames: ['Missing'] }))],
    ['no queue to count',                      nothing,  () => new GetQueueAttributesCommand(noQueue())],
  ])('%s', async (_what, prepare, command) => {
    const outcome = async (client: SQSClient) => {
      await services.sqs.send(new PurgeQueueCommand({ QueueUrl: services.deadLetterQueueUrl }))
      const handle = await prepare(client)
      const result = await outcomeOf(client, command(handle))
      return JSON.parse(JSON.stringify(result), (key, value: unknown) => (DRAWN.has(key) ? typeof value : value)) as unknown
    }
    expect(await outcome(services.sqs)).toEqual(await outcome(overHttp.sqs))
  })
})
