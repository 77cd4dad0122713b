import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3'
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { BUCKET } from '../../cli/local/addresses.ts'
import { NO_BRAKE } from '../../lambda/control/brake.ts'
import { ARCHIVE_SCHEMA, BRAKE_KEY, RECONCILE_SCHEMA } from '../../lambda/keys.ts'
import { API_KEY } from './installation.ts'
import { InvokedImporter, type InvokedOptions } from './invoked-importer.ts'

/** What a call is about, independent of the names in a deployment. */
export type Subject =
  /** An object, or the bucket itself if `key` is left out. */
  | { readonly kind: 'own-bucket' | 'existing-bucket'; readonly key?: string; readonly prefix?: string }
  | { readonly kind: 'import-queue' | 'dead-letter-queue' | 'secret' }

/** A call that the importer's code has made, by the action that IAM checks. */
export interface RecordedCall {
  readonly action: string
  readonly subject: Subject
}

const EXISTING = 'team-uploads'
/** Where files are in the existing bucket. */
export const RECORDED_PREFIX = 'exports/km/'
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:kissmetrics-AbCdEf'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'
const BAD = '{"_p":"a","_n":"Signed Up"}'

const SILENT: InvokedOptions['log'] = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  count: () => undefined,
}

/** Every job of the importer, once, against the emulators: each call that it makes to AWS. */
export async function recordCalls(): Promise<readonly RecordedCall[]> {
  const calls = new Map<string, RecordedCall>()
  const record = (action: string, subject: Subject) => calls.set(JSON.stringify([action, subject]), { action, subject })
  // Kissmetrics and Secrets Manager: neither needs to look at the request.
  const server = createServer((request, response) => {
    request.resume()
    if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue')
      record('secretsmanager:GetSecretValue', { kind: 'secret' })
    response.end(JSON.stringify({ SecretString: API_KEY }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let daysAgo = 11 // a dead letter is archived after ten
  await using importer = await InvokedImporter.start({
    log: SILENT,
    env: {
      KM_ENDPOINT: url,
      KM_API_KEY_SECRET: SECRET_ARN,
      KM_SOURCES: `s3://${BUCKET}/incoming/,s3://${EXISTING}/${RECORDED_PREFIX}`,
      KM_SEGMENT_BYTES: '65536',
    },
    now: () => Date.now() - daysAgo * 24 * 60 * 60_000,
    onAnswer: (request, status) => {
      for (const { action, subject } of callsOf(request, status)) record(action, subject)
    },
  })
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = url
  const { s3, sqs, deadLetterQueueUrl } = importer.services
  const deliverAll = async () => {
    while (await importer.deliver());
  }
  const upload = async (Bucket: string, Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }))

  await upload(BUCKET, 'incoming/a.json', `${GOOD}\n${BAD}`)
  await deliverAll()
  daysAgo = 0

  // Split, and imported segment by segment.
  await upload(BUCKET, 'incoming/large.json', `${GOOD}\n`.repeat(3_000))
  await deliverAll()

  // By events with and without a version, and of an object that is gone.
  await s3.send(new CreateBucketCommand({ Bucket: EXISTING }))
  for (const bucket of [BUCKET, EXISTING]) {
    const key = bucket === BUCKET ? 'incoming/b.json' : `${RECORDED_PREFIX}b.json`
    const { ETag: etag } = await upload(bucket, key, GOOD)
    await importer.send(created(bucket, { key, etag }))
    await deliverAll()
  }
  await s3.send(new PutBucketVersioningCommand({ Bucket: EXISTING, VersioningConfiguration: { Status: 'Enabled' } }))
  const { VersionId } = await upload(EXISTING, `${RECORDED_PREFIX}c.json`, GOOD)
  for (const object of [
    { key: `${RECORDED_PREFIX}c.json`, 'version-id': VersionId },
    { key: `${RECORDED_PREFIX}gone.json`, etag: 'x' },
  ]) {
    await importer.send(created(EXISTING, object))
    await deliverAll()
    await importer.send(tagged(EXISTING, object))
    await deliverAll()
  }
  await s3.send(new PutObjectTaggingCommand({ Bucket: BUCKET, Key: 'incoming/a.json', Tagging: { TagSet: [RELEASE] } }))
  await deliverAll()
  await importer.send(tagged(BUCKET, { key: 'incoming/b.json', etag: 'x' }))
  await deliverAll()

  // With a limit that all invocations share.
  await upload(BUCKET, BRAKE_KEY, JSON.stringify({ ...NO_BRAKE, limit: { linesPerSecond: 100_000 } }))
  await upload(BUCKET, 'incoming/limited.json', GOOD)
  await deliverAll()

  // An empty object, which is read without its body.
  await upload(BUCKET, 'incoming/empty.json', '')
  await deliverAll()

  // A dead letter that is tried again, fails again, and is quarantined at its third replay.
  const { Messages: [deadLetter] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: deadLetterQueueUrl, VisibilityTimeout: 0 })) // prettier-ignore
  for (const replays of [0, 2]) {
    await importer.send({ ...(JSON.parse(deadLetter?.Body ?? '') as object), replays })
    await deliverAll()
  }

  // The daily jobs: of the dead letters, one is old.
  await upload(EXISTING, `${RECORDED_PREFIX}missed.json`, GOOD)
  for (const schema of [ARCHIVE_SCHEMA, RECONCILE_SCHEMA]) {
    await importer.send({ schema })
    await deliverAll()
  }
  server.close()
  server.closeAllConnections()
  return [...calls.values()]
}

const RELEASE = { Key: 'km-import', Value: 'release' }

function created(bucket: string, object: Readonly<Record<string, unknown>>): object {
  return bridged('Object Created', bucket, object)
}

function tagged(bucket: string, object: Readonly<Record<string, unknown>>): object {
  return bridged('Object Tags Added', bucket, object)
}

/** An event of EventBridge. */
function bridged(type: string, bucket: string, object: Readonly<Record<string, unknown>>): object {
  return { 'detail-type': type, source: 'aws.s3', detail: { bucket: { name: bucket }, object } }
}

/** @see "Actions, resources, and condition keys for Amazon S3", and "… for Amazon SQS", in the Service Authorization Reference */
function* callsOf(
  { method, path, query, headers, body }: Parameters<InvokedOptions['onAnswer']>[0],
  status: number,
): Generator<RecordedCall> {
  const operation = headers['x-amz-target']?.split('.').at(-1)
  if (operation !== undefined) {
    const text = new TextDecoder().decode(body as Uint8Array)
    const kind = /"QueueUrl":"[^"]*\/import"/.test(text) ? 'import-queue' : 'dead-letter-queue'
    // The operations on ten messages need the permission for one.
    yield { action: `sqs:${operation.replace(/Batch$/, '')}`, subject: { kind } }
    return
  }
  const [, bucket = '', ...segments] = path.split('/')
  const kind = bucket === BUCKET ? 'own-bucket' : 'existing-bucket'
  const key = segments.map(decodeURIComponent).join('/')
  if (key === '') {
    if (!('versions' in query)) throw new Error(`no action is known for ${method} ${path}`)
    yield { action: 's3:ListBucketVersions', subject: { kind, prefix: String(query['prefix'] ?? '') } }
    return
  }
  if ('tagging' in query) {
    yield {
      action: query['versionId'] === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging',
      subject: { kind, key },
    }
    if (status === 404) yield { action: 's3:ListBucket', subject: { kind } }
    return
  }
  if (method === 'PUT') yield { action: 's3:PutObject', subject: { kind, key } }
  else if (method === 'GET' || method === 'HEAD')
    yield { action: query['versionId'] === undefined ? 's3:GetObject' : 's3:GetObjectVersion', subject: { kind, key } }
  else throw new Error(`no action is known for ${method} ${path}`)
  // Without this permission, S3 answers 403 for an object that does not exist.
  if (status === 404) yield { action: 's3:ListBucket', subject: { kind } }
}
