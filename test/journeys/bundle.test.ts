import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../cli/local/services.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { startFaultSink, TAKEN, status } from '../support/fault-sink.ts'
import { API_KEY, TEST_WIRING } from '../support/installation.ts'
import { bundleFunction } from '../../bin/function-bundle.ts'
import { Lambda } from '../support/lambda-runtime/lambda.ts'

let folder: string
let bundleDir: string
let bundleBytes: number
let services: LocalServices
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-bundle-'))
  bundleDir = path.join(folder, 'bundle')
  bundleBytes = (await bundleFunction(bundleDir)).bytes
  services = await startLocalServices(path.join(folder, 'state'), 0, TEST_WIRING)
}, 60_000)
afterAll(async () => {
  await services.stop()
  await rm(folder, { recursive: true, force: true })
})

function importer(endpoint: string, more: Readonly<Record<string, string>> = {}): Promise<Lambda> {
  const env = {
    AWS_ENDPOINT_URL_S3: services.s3Url,
    AWS_ENDPOINT_URL_SQS: services.sqsUrl,
    AWS_ACCESS_KEY_ID: services.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: services.credentials.secretAccessKey,
    KM_ENDPOINT: endpoint,
    KM_API_KEY: API_KEY,
    KM_IMPORT_QUEUE_URL: services.importQueueUrl,
    KM_BUCKET: BUCKET,
    KM_DEAD_LETTER_QUEUE_URL: services.deadLetterQueueUrl,
    POWERTOOLS_LOG_LEVEL: 'INFO',
    ...more,
  }
  return Lambda.start({ bundleDir, env })
}

async function receiveDeadLetter(sqs: SQSClient): Promise<string> {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: services.deadLetterQueueUrl, WaitTimeSeconds: 5 }))
  return Messages?.[0]?.Body ?? ''
}

function fromQueue(...bodies: readonly string[]): unknown {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      receiptHandle: 'r',
      body,
      attributes: { ApproximateReceiveCount: '1' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: services.importQueueArn,
      awsRegion: 'us-east-1',
    })),
  }
}

const uploadEvent = (key: string): string =>
  JSON.stringify({
    Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: BUCKET }, object: { key } } }],
  })

describe('the deployed file, under the real runtime client of Lambda', () => {
  test('imports a file, and a dead letter after a redrive', async () => {
    const s3 = new S3Client({})
    const sqs = new SQSClient({})
    let isRefused = true
    await using sink = await startFaultSink(({ target }) => (isRefused && target.includes('_p=b') ? status(413) : TAKEN))
    await using lambda = await importer(sink.url)
    const lines = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}\n{"_p":"b","_t":1393344604,"_n":"Paid"}\n'
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'other/a b.json', Body: lines }))

    expect(await lambda.invoke(fromQueue(uploadEvent('other/a+b.json')))).toEqual({ batchItemFailures: [] })
    expect([...sink.taken.keys()]).toEqual([`/e?_k=${API_KEY}&_p=a&_n=Signed%20Up&_t=1393344604&_d=1`])
    const deadLetter = await receiveDeadLetter(sqs)
    expect(JSON.parse(deadLetter) as DeadLetter).toMatchObject({
      kind: 'line',
      reason: 'endpoint_refused',
      source: { line: 2 },
      replays: 0,
    })

    isRefused = false
    expect(await lambda.invoke(fromQueue(deadLetter))).toEqual({ batchItemFailures: [] })
    expect([...sink.taken.keys()]).toContain(`/e?_k=${API_KEY}&_p=b&_n=Paid&_t=1393344604&_d=1`)

    // The log of Lambda: one JSON object per line, with the metrics, but without key or personal data.
    const records = lambda.logs.trim().split('\n')
    for (const record of records) expect(() => JSON.parse(record) as unknown).not.toThrow()
    expect(records.some((record) => record.includes('"LinesDelivered"'))).toBe(true)
    expect(lambda.logs).not.toContain(API_KEY)
    expect(lambda.logs).not.toContain('Signed Up')
  })

  test('returns only the message that failed', async () => {
    await using sink = await startFaultSink()
    await using lambda = await importer(sink.url)
    expect(await lambda.invoke(fromQueue('{"Service":"Amazon S3","Event":"s3:TestEvent"}', 'nonsense'))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }],
    })
  })

  test('imports nothing if a setting is out of range, says which, and queues its messages again', async () => {
    await using lambda = await importer('https://trk.kissmetrics.io', { KM_MAX_IN_FLIGHT: '0' })
    expect(await lambda.invoke(fromQueue('nonsense'))).toEqual({ batchItemFailures: [] })
    expect(lambda.logs).toContain('KM_MAX_IN_FLIGHT is \\"0\\": expected a whole number of requests from 1 to 512')
    expect(lambda.logs).toContain('"SetupErrors"')
  })

  test('is small enough for a fast cold start', () => {
    expect(bundleBytes).toBeLessThan(700_000)
  })
})

describe('the Runtime API of these tests behaves like Lambda', () => {
  // prettier-ignore
  test.each([
    //  a handler that           code                                                                     error type of Lambda
    [ 'throws',                  'export const handler = () => { throw new TypeError("boom") }',          'TypeError' ],
    [ 'never ends',              'export const handler = () => new Promise(() => setInterval(() => 0))',  'Sandbox.Timedout' ],
    [ 'exits its process',       'export const handler = () => process.exit(3)',                          'Runtime.ExitError' ],
    [ 'answers too long',        'export const handler = async () => "x".repeat(7_000_000)',              'Function.ResponseSizeTooLarge' ],
  ])('a handler that %s', async (name, source, errorType) => {
    const dir = await mkdtemp(path.join(folder, 'handler-'))
    await writeFile(path.join(dir, 'index.mjs'), source)
    await using lambda = await Lambda.start({ bundleDir: dir, env: {}, timeoutMs: name === 'never ends' ? 500 : 20_000 })
    await expect(lambda.invoke({})).rejects.toMatchObject({ errorType })
    await expect(lambda.invoke({})).rejects.toMatchObject({ errorType }) // in a new sandbox if the first one ended
  })

  test('a handler can read its remaining time', async () => {
    const dir = await mkdtemp(path.join(folder, 'handler-'))
    await writeFile(
      path.join(dir, 'index.mjs'),
      'export const handler = async (event, context) => context.getRemainingTimeInMillis()',
    )
    await using lambda = await Lambda.start({ bundleDir: dir, env: {}, timeoutMs: 20_000 })
    const left = await lambda.invoke({})
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(20_000)
  })
})
