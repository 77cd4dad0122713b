import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation'
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startLocalServices } from '../../../cli/local/services.ts'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { readMessage, type Work } from '../../../lambda/intake/message.ts'
import { TEST_WIRING } from '../../support/installation.ts'
import { HAS_MOTO, startMoto, type Moto } from '../../support/moto.ts'

const REGION = 'us-east-1'
const ACCOUNT = '123456789012'
const PREFIX = 'incoming/'
const KEY = `${PREFIX}Zoë's events + more/2026 100%.json`
const BODY = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}\n'

/** Each way from a bucket to a queue, by the name of its queue. */
const WAYS = ['by-s3', 'by-sns', 'by-sns-raw', 'by-eventbridge', 'by-eventbridge-and-sns', 'by-eventbridge-and-sns-raw'] as const

const queueArn = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`
const topicArn = (name: string) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`
const EVENTS = ['s3:ObjectCreated:*', 's3:ObjectTagging:Put'] as const
const TOPICS = ['of-s3', 'of-eventbridge']

/** What the SDK clients of this project do not cover. */
const TEMPLATE = {
  Resources: {
    ...Object.fromEntries(
      WAYS.map((name, index) => [`Queue${index}`, { Type: 'AWS::SQS::Queue', Properties: { QueueName: name } }]),
    ),
    ...Object.fromEntries(
      TOPICS.map((name, index) => [`Topic${index}`, { Type: 'AWS::SNS::Topic', Properties: { TopicName: name } }]),
    ),
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        State: 'ENABLED',
        EventPattern: { source: ['aws.s3'], 'detail-type': ['Object Created', 'Object Tags Added'] },
        Targets: [{ Id: 'queue', Arn: queueArn('by-eventbridge') }],
      },
    },
  },
}

/** Calls SNS, which this project has no client for. */
async function sns(url: string, parameters: Readonly<Record<string, string>>): Promise<void> {
  const scope = `Credential=a/20260101/${REGION}/sns/aws4_request`
  const { status } = await fetch(url, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0` },
    body: new URLSearchParams(parameters),
  })
  expect(status).toBe(200)
}

function subscribe(url: string, topic: string, queue: string, isRaw: boolean): Promise<void> {
  const raw = { 'Attributes.entry.1.key': 'RawMessageDelivery', 'Attributes.entry.1.value': 'true' }
  return sns(url, {
    Action: 'Subscribe',
    TopicArn: topicArn(topic),
    Protocol: 'sqs',
    Endpoint: queueArn(queue),
    ...(isRaw && raw),
  })
}

/** The bodies of all messages in a queue. */
async function bodiesIn(sqs: SQSClient, QueueUrl: string): Promise<readonly string[]> {
  const bodies: string[] = []
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }))
    if (Messages.length === 0) return bodies
    bodies.push(...Messages.map(({ Body = '' }) => Body))
  }
}

/** What the importer reads, without what differs between two uploads. */
function filesIn(bodies: readonly string[]): readonly object[] {
  const works: readonly Work[] = bodies.flatMap((body) => readMessage(body))
  return works.flatMap((work) =>
    work.kind === 'task' ? [{ key: work.task.file.key, etag: work.task.file.etag, bytes: work.task.file.bytes }] : [],
  )
}

function taggedIn(bodies: readonly string[]): readonly object[] {
  const works: readonly Work[] = bodies.flatMap((body) => readMessage(body))
  return works.flatMap((work) => (work.kind === 'tagged' ? [{ key: work.file.key, etag: work.file.etag }] : []))
}

async function uploadAndTag(s3: S3Client): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: BODY }))
  const Tagging = { TagSet: [{ Key: 'km-import', Value: 'release' }] }
  await s3.send(new PutObjectTaggingCommand({ Bucket: BUCKET, Key: KEY, Tagging }))
}

const FILE = { key: KEY, etag: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown, bytes: BODY.length }

;(HAS_MOTO ? describe : describe.skip)('what moto delivers', () => {
  let moto: Moto
  const bodies = new Map<string, readonly string[]>()
  beforeAll(async () => {
    moto = await startMoto()
    const client = { endpoint: moto.url, region: REGION, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
    const sqs = new SQSClient(client)
    await new CloudFormationClient(client).send(
      new CreateStackCommand({ StackName: 'Ways', TemplateBody: JSON.stringify(TEMPLATE) }),
    )
    await subscribe(moto.url, 'of-s3', 'by-sns', false)
    await subscribe(moto.url, 'of-s3', 'by-sns-raw', true)
    await subscribe(moto.url, 'of-eventbridge', 'by-eventbridge-and-sns', false)
    await subscribe(moto.url, 'of-eventbridge', 'by-eventbridge-and-sns-raw', true)
    const s3 = new S3Client({ ...client, forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
    const Filter = { Key: { FilterRules: [{ Name: 'prefix' as const, Value: PREFIX }] } }
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: BUCKET,
        NotificationConfiguration: {
          QueueConfigurations: [{ QueueArn: queueArn('by-s3'), Events: [...EVENTS], Filter }],
          TopicConfigurations: [{ TopicArn: topicArn('of-s3'), Events: [...EVENTS], Filter }],
          EventBridgeConfiguration: {},
        },
      }),
    )
    await uploadAndTag(s3)
    for (const name of WAYS) bodies.set(name, await bodiesIn(sqs, `${moto.url}/${ACCOUNT}/${name}`))
    // Moto's EventBridge has no topics as targets, so its event is published here.
    for (const Message of bodies.get('by-eventbridge') ?? [])
      await sns(moto.url, { Action: 'Publish', TopicArn: topicArn('of-eventbridge'), Message })
    for (const name of ['by-eventbridge-and-sns', 'by-eventbridge-and-sns-raw'])
      bodies.set(name, await bodiesIn(sqs, `${moto.url}/${ACCOUNT}/${name}`))
  })
  afterAll(() => moto.stop())

  test.each(WAYS)('%s, is read as the file that was uploaded', (name) => {
    // Moto calls the ETag "eTag" in events of EventBridge. In those of AWS it is "etag".
    const etag = name.includes('eventbridge') ? undefined : FILE.etag
    expect(filesIn(bodies.get(name) ?? [])).toEqual([{ ...FILE, etag }])
    // Moto sends an event about tags with an upload too, although it has none.
    expect(taggedIn(bodies.get(name) ?? [])).toEqual([{ key: KEY, etag }, { key: KEY, etag }]) // prettier-ignore
  })

  test('SNS wraps the event unless the delivery is raw', () => {
    const isWrapped = (name: string) =>
      bodies.get(name)?.some((body) => (JSON.parse(body) as { Type?: string }).Type === 'Notification')
    expect(WAYS.map(isWrapped)).toEqual([false, true, false, false, true, false])
  })
})

test('what the emulator delivers is read as the same', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'km-envelope-'))
  const services = await startLocalServices(dir, 0, TEST_WIRING, { waitScale: 0 })
  await uploadAndTag(services.s3)
  const bodies = await bodiesIn(services.sqs, services.importQueueUrl)
  expect(filesIn(bodies)).toEqual([FILE])
  expect(taggedIn(bodies)).toEqual([{ key: KEY, etag: FILE.etag }])
  await services.stop()
  await rm(dir, { recursive: true })
})
