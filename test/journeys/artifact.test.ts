import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { App } from 'aws-cdk-lib/core'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bundleFunction } from '../../bin/function-bundle.ts'
import { taskBody } from '../../lambda/intake/task.ts'
import { ARCHIVE_SCHEMA, RECONCILE_SCHEMA } from '../../lambda/keys.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { ImporterStack } from '../../lib/importer-stack.ts'
import { readSettings } from '../../lib/settings.ts'
import { Artifact, s3Event, type Uploaded } from '../support/artifact.ts'
import { startFaultSink, status, TAKEN, type Behaviour, type FaultSink } from '../support/fault-sink.ts'
import { API_KEY } from '../support/installation.ts'
import type { Lambda } from '../support/lambda-runtime/lambda.ts'
import { largestYoungSpace } from '../support/young-space.ts'

const line = (person: string) => `{"_p":"${person}","_t":1393344604,"_n":"Signed Up"}`
const request = (person: string) => `/e?_k=${API_KEY}&_p=${person}&_n=Signed%20Up&_t=1393344604&_d=1`

interface FunctionProperties {
  readonly Handler: string
  readonly MemorySize: number
  readonly Code: { readonly S3Key: string }
}

/** Of the function in the template. */
let properties: FunctionProperties
let artifact: Artifact
let untouched: Readonly<Record<string, string>>

/** The asset that the template names. */
async function synthesize(outdir: string): Promise<string> {
  const app = new App({ outdir, builtinCloudFormationValidation: false }) // the validation takes seconds
  const stack = new ImporterStack(app, 'Importer', { settings: readSettings({}) })
  const { Resources } = app.synth().getStackByName(stack.stackName).template as {
    Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: FunctionProperties }>>
  }
  const assets = await readdir(outdir)
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::Lambda::Function') continue
    const asset = `asset.${path.parse(Properties.Code.S3Key).name}`
    if (!assets.includes(asset)) continue
    properties = Properties
    return path.join(outdir, asset)
  }
  throw new Error('the template has no function with an asset')
}

async function filesIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).toSorted()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const)),
  )
}

beforeAll(async () => {
  artifact = await Artifact.start(synthesize)
  untouched = await filesIn(artifact.dir)
})
afterAll(async () => {
  await artifact[Symbol.asyncDispose]()
})

function lambdaOf(endpoint: string, env: Readonly<Record<string, string>> = {}): Promise<Lambda> {
  return artifact.lambda(endpoint, env, { handler: properties.Handler, memoryMb: properties.MemorySize })
}

function eventBridgeEvent({ bucket, key, versionId }: Uploaded): string {
  const detail = { version: '0', bucket: { name: bucket }, object: { key, 'version-id': versionId }, reason: 'PutObject' }
  return JSON.stringify({ version: '0', 'detail-type': 'Object Created', source: 'aws.s3', detail })
}

function snsNotification(message: string): string {
  return JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:us-east-1:000000000000:uploads', Message: message })
}

const ACKNOWLEDGED = { batchItemFailures: [] }

describe('an event', () => {
  let sink: FaultSink
  let lambda: Lambda
  beforeAll(async () => {
    sink = await startFaultSink()
    lambda = await lambdaOf(sink.url)
  })
  afterAll(async () => {
    await lambda[Symbol.asyncDispose]()
    await sink[Symbol.asyncDispose]()
  })

  // prettier-ignore
  test.each([
    //  of                                       body of the message
    [ 'S3; also SNS with raw delivery',          s3Event ],
    [ 'S3, wrapped by SNS',                      (file: Uploaded) => snsNotification(s3Event(file)) ],
    [ 'EventBridge',                             eventBridgeEvent ],
    [ 'EventBridge, wrapped by SNS',             (file: Uploaded) => snsNotification(eventBridgeEvent(file)) ],
    [ 'the importer itself, for a task',         (file: Uploaded) => taskBody({ file, replays: 0, reached: 0, delays: 0 }) ],
  ])('of %s is imported', async (what, bodyFor) => {
    const person = what.replaceAll(/\W/g, '')
    const file = await artifact.put(`${what}.json`, line(person))
    expect(await lambda.invoke(artifact.fromQueue(bodyFor(file)))).toEqual(ACKNOWLEDGED)
    expect(sink.taken.get(request(person))).toBe(1)
  })

  test('with several files imports all', async () => {
    const files = [await artifact.put('first.json', line('first')), await artifact.put('second.json', line('second'))]
    expect(await lambda.invoke(artifact.fromQueue(s3Event(...files)))).toEqual(ACKNOWLEDGED)
    expect([...sink.taken.keys()]).toEqual(expect.arrayContaining([request('first'), request('second')]))
  })

  test('without a queue is imported', async () => {
    const file = await artifact.put('bare.json', line('bare'))
    expect(await lambda.invoke(JSON.parse(s3Event(file)))).toBeNull()
    expect(sink.taken.get(request('bare'))).toBe(1)
  })

  // prettier-ignore
  test.each([
    //  what                        body                                                                          is
    [ 'the test event of S3',       '{"Service":"Amazon S3","Event":"s3:TestEvent"}',                             'acknowledged' ],
    [ 'a deleted object',           s3Event({ bucket: 'b', key: 'k', versionId: 'v' }).replace('Created:Put', 'Removed:Delete'), 'acknowledged' ],
    [ 'the daily search',           JSON.stringify({ schema: RECONCILE_SCHEMA }),                                 'acknowledged' ],
    [ 'the daily archive',          JSON.stringify({ schema: ARCHIVE_SCHEMA }),                                   'acknowledged' ],
    [ 'a subscription to confirm',  '{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:us-east-1:0:t"}', 'returned' ],
    [ 'nonsense',                   'nonsense',                                                                   'returned' ],
  ])('about %s is answered', async (_what, body, outcome) => {
    const batchItemFailures = outcome === 'returned' ? [{ itemIdentifier: 'm0' }] : []
    expect(await lambda.invoke(artifact.fromQueue(body))).toEqual({ batchItemFailures })
  })

  test('that fails does not fail the others of its batch', async () => {
    const file = await artifact.put('batch.json', line('batch'))
    expect(await lambda.invoke(artifact.fromQueue('nonsense', s3Event(file)))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    })
    expect(sink.taken.get(request('batch'))).toBe(1)
  })
})

test('imports a file, and a dead letter after a redrive; its log has neither key nor personal data', async () => {
  let isRefused = true
  await using sink = await startFaultSink(({ target }) => (isRefused && target.includes('_p=b&') ? status(413) : TAKEN))
  await using lambda = await lambdaOf(sink.url, { POWERTOOLS_LOG_LEVEL: 'INFO' })
  const file = await artifact.put('a b.json', `${line('a')}\n${line('b')}\n`)
  expect(await lambda.invoke(artifact.fromQueue(s3Event(file)))).toEqual(ACKNOWLEDGED)
  expect([...sink.taken.keys()]).toEqual([request('a')])
  const { sqs, deadLetterQueueUrl: QueueUrl } = artifact.services
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }))
  const deadLetter = Messages?.[0]?.Body ?? ''
  expect(JSON.parse(deadLetter) as DeadLetter).toMatchObject({
    kind: 'line',
    reason: 'endpoint_refused',
    source: { line: 2 },
    replays: 0,
  })

  isRefused = false
  expect(await lambda.invoke(artifact.fromQueue(deadLetter))).toEqual(ACKNOWLEDGED)
  expect([...sink.taken.keys()]).toEqual([request('a'), request('b')])

  // One JSON object per line, with the metrics.
  const records = lambda.logs.trim().split('\n')
  for (const record of records) expect(() => JSON.parse(record) as unknown).not.toThrow()
  expect(records.some((record) => record.includes('"LinesDelivered"'))).toBe(true)
  expect(lambda.logs).not.toContain(API_KEY)
  expect(lambda.logs).not.toContain('Signed Up')
})

test('reads the API key from Secrets Manager, with the credentials of Lambda', async () => {
  const answer: Behaviour = { kind: 'answer', status: 200, body: JSON.stringify({ SecretString: API_KEY }) }
  await using secrets = await startFaultSink(() => answer)
  await using sink = await startFaultSink()
  const env = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    KM_API_KEY: '',
    KM_API_KEY_SECRET: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:kissmetrics-AbCdEf',
  }
  await using lambda = await lambdaOf(sink.url, env)
  const file = await artifact.put('secret.json', line('secret'))
  expect(await lambda.invoke(artifact.fromQueue(s3Event(file)))).toEqual(ACKNOWLEDGED)
  expect([...sink.taken.keys()]).toEqual([request('secret')])
  expect(secrets.seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ SecretId: env.KM_API_KEY_SECRET }])
})

test('imports nothing if a setting is out of range, says which, and queues its messages again', async () => {
  await using lambda = await lambdaOf('https://trk.kissmetrics.io', { KM_MAX_IN_FLIGHT: '0' })
  expect(await lambda.invoke(artifact.fromQueue('nonsense'))).toEqual(ACKNOWLEDGED)
  expect(lambda.logs).toContain('KM_MAX_IN_FLIGHT is \\"0\\": expected a whole number of requests from 1 to 512')
  expect(lambda.logs).toContain('"SetupErrors"')
})

test('the stack of an error names the sources', async () => {
  await using broken = await startFaultSink(() => status(400))
  await using lambda = await lambdaOf('http://127.0.0.1:9', { AWS_ENDPOINT_URL_S3: broken.url })
  const event = s3Event({ bucket: 'b', key: 'k', versionId: 'v' })
  expect(await lambda.invoke(artifact.fromQueue(event))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] })
  await expect(lambda.invoke(JSON.parse(event))).rejects.toThrow()
  // The record of the importer, and that of Lambda's runtime.
  const records = lambda.logs.split('\n').filter((record) => record.includes('stack'))
  expect(records).toHaveLength(2)
  for (const record of records) {
    expect(record).toMatch(/ at \S*node_modules\/@aws-sdk\/\S+\.js:\d+:\d+/)
    expect(record).toMatch(/ at \S*lambda\/adapters\/s3-\w+\.ts:\d+:\d+/)
  }
  expect(lambda.logs).not.toContain('importer.cjs')
})

test('the asset is what other tests and the npm package bundle', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-bundle-'))
  await bundleFunction(folder)
  const files = await filesIn(folder)
  await rm(folder, { recursive: true })
  expect(Object.keys(files)).toEqual(Object.keys(untouched))
  for (const [name, text] of Object.entries(files)) expect(untouched[name] === text).toBe(true) // a difference would be very long
})

test("the function ends the growth of V8's space for young objects", async () => {
  const most = await largestYoungSpace(`import ${JSON.stringify(path.join(artifact.dir, 'index.mjs'))};`)
  expect(most).toBeLessThan(40 * 1_048_576) // it looks every 50 ms, so the space may double once more
})

test('the function writes nothing into its own folder', async () => {
  expect(await filesIn(artifact.dir)).toEqual(untouched)
})
