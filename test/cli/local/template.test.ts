import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { synthesize } from '../../../cli/local/synth.ts'
import { readWiring, resolveEnvironment, WiringError } from '../../../cli/local/template.ts'

interface Template {
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
}

let dir: string
let file: string
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'template-'))
  file = await synthesize(path.join(dir, 'cdk.out'))
})
afterAll(() => {
  rmSync(dir, { recursive: true })
})

const template = () => JSON.parse(readFileSync(file, 'utf8')) as Template

test('local mode is wired as the stack is', () => {
  expect(readWiring(template())).toEqual({
    bucket: { versioned: true },
    notifications: ['.json', '.jsonl', '.ndjson', '.json.gz', '.jsonl.gz', '.ndjson.gz'].map((suffix) => ({
      events: ['s3:ObjectCreated:*'],
      prefix: 'incoming/',
      suffix,
      queue: 'import',
    })),
    importQueue: { visibilityTimeoutSeconds: 5400, retentionSeconds: 345_600, maxReceiveCount: 5 },
    deadLetterQueue: { retentionSeconds: 1_209_600, redriveAllow: { permission: 'byQueue', sourceQueues: ['import'] } },
    function: {
      timeoutSeconds: 900,
      memoryMb: 1024,
      environment: {
        KM_ENDPOINT: 'https://trk.kissmetrics.io',
        KM_API_KEY_SECRET: { to: 'apiKeySecretArn' },
        KM_IMPORT_QUEUE_URL: { to: 'importQueueUrl' },
        KM_DEAD_LETTER_QUEUE_URL: { to: 'deadLetterQueueUrl' },
        KM_BUCKET: { to: 'bucket' },
        NODE_OPTIONS: '--enable-source-maps',
      },
    },
    eventSource: { batchSize: 1, maximumConcurrency: 2, reportBatchItemFailures: true },
  })
})

test('references in the environment are replaced by what they lead to here', () => {
  const { environment } = readWiring(template()).function
  expect(resolveEnvironment(environment, (to) => `here:${to}`)).toEqual({
    KM_ENDPOINT: 'https://trk.kissmetrics.io',
    KM_API_KEY_SECRET: 'here:apiKeySecretArn',
    KM_IMPORT_QUEUE_URL: 'here:importQueueUrl',
    KM_DEAD_LETTER_QUEUE_URL: 'here:deadLetterQueueUrl',
    KM_BUCKET: 'here:bucket',
    NODE_OPTIONS: '--enable-source-maps',
  })
})

describe('what the template says is what local mode does', () => {
  // prettier-ignore
  test.each([
    //  in the template                          of the                                            becomes                     in the wiring
    ['a bucket without versions',                'AWS::S3::Bucket',                                { VersioningConfiguration: undefined },                  { bucket: { versioned: false } }],
    ['a bucket whose versions are suspended',    'AWS::S3::Bucket',                                { VersioningConfiguration: { Status: 'Suspended' } },    { bucket: { versioned: false } }],
    ['another timeout',                          'AWS::Lambda::Function',                          { Timeout: 60 },                                         { function: { timeoutSeconds: 60 } }],
    ['a setting of its own',                     'AWS::Lambda::Function',                          { Environment: { Variables: { KM_MAX_IN_FLIGHT: '8' } } }, { function: { environment: { KM_MAX_IN_FLIGHT: '8' } } }],
    ['another batch size',                       'AWS::Lambda::EventSourceMapping',                { BatchSize: 10 },                                       { eventSource: { batchSize: 10 } }],
    ['no partial answers',                       'AWS::Lambda::EventSourceMapping',                { FunctionResponseTypes: undefined },                    { eventSource: { reportBatchItemFailures: false } }],
  ])('%s', (_what, type, change, wiring) => {
    expect(readWiring(changed(type, change))).toMatchObject(wiring)
  })
})

describe('a template that local mode cannot build is refused, and the message says what was missed', () => {
  const elsewhere = { 'Fn::GetAtt': ['Elsewhere', 'Arn'] }
  const nested = { EventSourceArn: { 'Fn::GetAtt': ['Elsewhere', 'Arn'] } }

  // prettier-ignore
  test.each([
    //  what is wrong                        of the                               changed to                                                 what is said
    ['nobody hears of a drop',               'AWS::S3::Bucket',                   { NotificationConfiguration: undefined },                  /^The synthesized template cannot be run on this computer: in the Properties of DropBucket\w+, NotificationConfiguration is undefined, expected .*\. Change lib\/, or cli\/local\/template\.ts, so that they agree\.$/],
    ['a function hears of drops as well',    'AWS::S3::Bucket',                   { NotificationConfiguration: { QueueConfigurations: [{ Event: 'e', Queue: elsewhere, Filter: { S3Key: { Rules: [] } } }], LambdaConfigurations: [] } }, /NotificationConfiguration\.LambdaConfigurations is/],
    ['another queue hears of drops',         'AWS::S3::Bucket',                   { NotificationConfiguration: { QueueConfigurations: [{ Event: 'e', Queue: elsewhere, Filter: { S3Key: { Rules: [] } } }] } },                             /the bucket sends events to Elsewhere, expected the import queue/],
    ['the function is fed by another queue', 'AWS::Lambda::EventSourceMapping',   nested,                                                    /the function is fed by Elsewhere, expected the import queue/],
    ['the queue feeds another function',     'AWS::Lambda::EventSourceMapping',   { FunctionName: { Ref: 'Elsewhere' } },                    /the import queue feeds Elsewhere, expected ImporterFunction/],
    ['the function has no timeout',          'AWS::Lambda::Function',             { Timeout: undefined },                                    /in the Properties of ImporterFunction\w+, Timeout is undefined, expected/],
    ['a setting is put together',            'AWS::Lambda::Function',             { Environment: { Variables: { KM_ENDPOINT: { 'Fn::Sub': 'x' } } } }, /Environment\.Variables\.KM_ENDPOINT is/],
    ['concurrency is not bounded',           'AWS::Lambda::EventSourceMapping',   { ScalingConfig: undefined },                              /ScalingConfig is undefined/],
  ])('%s', (_what, type, change, message) => {
    expect(() => readWiring(changed(type, change))).toThrow(WiringError)
    expect(() => readWiring(changed(type, change))).toThrow(message)
  })

  test('a setting that leads to a part which is not there in local mode', () => {
    const role = Object.keys(template().Resources).find((id) => id.startsWith('ImporterRole'))
    const change = { Environment: { Variables: { KM_ROLE: { Ref: role } } } }
    expect(() => readWiring(changed('AWS::Lambda::Function', change))).toThrow(
      `the function's KM_ROLE refers to ${role}, expected the bucket, a queue or the secret`,
    )
  })

  test('two buckets', () => {
    const { Resources } = template()
    Resources['Another'] = { Type: 'AWS::S3::Bucket', Properties: {} }
    expect(() => readWiring({ Resources })).toThrow('it has 2 resources of type AWS::S3::Bucket, expected one')
  })

  test('a third queue', () => {
    const { Resources } = template()
    Resources['Another'] = { Type: 'AWS::SQS::Queue', Properties: {} }
    expect(() => readWiring({ Resources })).toThrow(/it has 3 queues, expected the import queue and ImportQueueDeadLetters/)
  })

  test('no redrive', () => {
    const { Resources } = template()
    for (const { Properties } of Object.values(Resources)) delete Properties['RedrivePolicy']
    expect(() => readWiring({ Resources })).toThrow('0 queues have a RedrivePolicy, expected one: the import queue')
  })

  test('dead letters that another queue may send', () => {
    const { Resources } = template()
    const deadLetters = Object.values(Resources).find(({ Properties }) => 'RedriveAllowPolicy' in Properties)
    deadLetters!.Properties['RedriveAllowPolicy'] = {
      redrivePermission: 'byQueue',
      sourceQueueArns: ['arn:aws:sqs:eu-west-1:1:another'],
    }
    expect(() => readWiring({ Resources })).toThrow('the dead-letter queue is open to a queue that is not the import queue')
  })

  test.each([
    ['no template', {}],
    ['a path instead of what lies there', 'cdk.out/x.template.json'],
    ['nothing', undefined],
  ])('%s', (_what, value) => {
    expect(() => readWiring(value)).toThrow(WiringError)
  })
})

describe('the template is made when its sources change, and only then', () => {
  const seal = () => path.join(dir, 'cdk.out', 'sources.sha256')

  test('the same sources: the template that is there is taken', async () => {
    const before = statSync(file, { bigint: true }).mtimeNs
    expect(await synthesize(path.join(dir, 'cdk.out'))).toBe(file)
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(before)
  })

  test.each([
    ['other sources', () => { writeFileSync(seal(), 'of other sources') }],
    ['a synthesis that was broken off', () => { rmSync(seal()) }],
  ])('%s: it is made again', async (_what, disturb) => {
    disturb()
    writeFileSync(file, 'an old template')
    expect(await synthesize(path.join(dir, 'cdk.out'))).toBe(file)
    expect(readWiring(template()).bucket.versioned).toBe(true)
  }) // prettier-ignore

  test('a stack that cannot be made says why, and leaves nothing that could be taken for its template', async () => {
    const before = process.env['NODE_OPTIONS']
    process.env['NODE_OPTIONS'] = '--require ./what-is-not-there.cjs' // for the child: this process is running already
    try {
      writeFileSync(seal(), 'of other sources')
      await expect(synthesize(path.join(dir, 'cdk.out'))).rejects.toThrow(
        /^The stack in bin\/app\.ts could not be synthesized.*Cannot find module/s,
      )
    } finally {
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
    }
    expect(existsSync(seal())).toBe(false)
    expect(await synthesize(path.join(dir, 'cdk.out'))).toBe(file)
  })

  test('a folder that cannot be written says so', async () => {
    const notAFolder = path.join(dir, 'a-file')
    writeFileSync(notAFolder, '')
    await expect(synthesize(notAFolder)).rejects.toThrow(/EEXIST|ENOTDIR/)
  })
})

/** The template with properties of the only resource of a type replaced. */
function changed(type: string, change: Record<string, unknown>): Template {
  const { Resources } = template()
  const resource = Object.values(Resources).find(({ Type }) => Type === type)
  Object.assign(resource!.Properties, change)
  return JSON.parse(JSON.stringify({ Resources })) as Template
}
