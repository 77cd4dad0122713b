import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { StackStatus } from '@aws-sdk/client-cloudformation'
import { describe, expect, test } from '@jest/globals'
import { checkEndpoint } from '../../../cli/doctor/check-endpoint.ts'
import { checkNotifications, type Notifications, type Way } from '../../../cli/doctor/check-notifications.ts'
import { checkDeadLetterQueue, checkImportQueue, type QueueFacts } from '../../../cli/doctor/check-queues.ts'
import { checkStatus, checkVersion } from '../../../cli/doctor/check-stack.ts'
import type { Finding } from '../../../cli/doctor/finding.ts'
import { findingText } from '../../../cli/doctor/finding-text.ts'
import { checkSenders } from '../../../cli/doctor/sender.ts'

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:import'
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:uploads'
const ALL = ['s3:ObjectCreated:*', 's3:ObjectTagging:Put'] as const

// prettier-ignore
test.each<[StackStatus, Finding['result'], RegExp]>([
  ['CREATE_COMPLETE',          'ok',      /^$/],
  ['UPDATE_COMPLETE',          'ok',      /^$/],
  ['UPDATE_ROLLBACK_COMPLETE', 'warning', /npx cdk deploy$/],
  ['UPDATE_IN_PROGRESS',       'warning', /^$/],
  ['ROLLBACK_IN_PROGRESS',     'warning', /^$/],
  ['REVIEW_IN_PROGRESS',       'wrong',   /^npx cdk deploy$/],
  ['UPDATE_FAILED',            'wrong',   /npx cdk deploy$/],
  ['UPDATE_ROLLBACK_FAILED',   'wrong',   /continue-update-rollback --stack-name 'a b'$/],
  ['ROLLBACK_COMPLETE',        'wrong',   /delete-stack --stack-name 'a b'\nnpx cdk deploy$/],
  ['DELETE_FAILED',            'wrong',   /delete-stack --stack-name 'a b'\nnpx cdk deploy$/],
])('a stack in the state %s is %s', (StackStatus, result, commands) => {
  const found = checkStatus({ StackName: 'a b', StackStatus, CreationTime: undefined })
  expect(found).toMatchObject({ result, text: expect.stringContaining(StackStatus) as unknown })
  expect(found.commands?.join('\n') ?? '').toMatch(commands)
})

test.each([
  ['1.2.3', 'ok'],
  ['1.2.4', 'warning'],
  [undefined, 'warning'],
])('a stack of version %s is %s for the program of version 1.2.3', (deployed, result) => {
  expect(checkVersion(deployed, '1.2.3')).toMatchObject({ result })
})

describe('the events of a bucket', () => {
  const queue = (Events: readonly unknown[], ...rules: readonly (readonly [string, string])[]) =>
    ({ QueueArn: QUEUE, Events, Filter: { Key: { FilterRules: rules.map(([Name, Value]) => ({ Name, Value })) } } }) as never
  const topic = (prefix: string) =>
    ({ TopicArn: TOPIC, Events: ALL, Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: prefix }] } } }) as never
  const toQueue: Way = { kind: 'queue' }
  const toTopic: Way = { kind: 'topic', arn: TOPIC }

  // prettier-ignore
  test.each<[string, Way, readonly string[], Notifications, Finding['result'], RegExp]>([
    //  the notifications                   way      prefixes          configuration                                                                     result     text
    ['of the prefix',                       toQueue, ['exports/'],     { QueueConfigurations: [queue(ALL, ['prefix', 'exports/'])] },                     'ok',      /exports\//],
    ['of the whole bucket',                 toQueue, ['exports/'],     { QueueConfigurations: [queue(ALL)] },                                             'ok',      /exports\//],
    ['of each creation by its name',        toQueue, [''],             { QueueConfigurations: [queue(['s3:ObjectCreated:Put', 's3:ObjectCreated:Post']), queue(['s3:ObjectCreated:Copy', 's3:ObjectCreated:CompleteMultipartUpload', 's3:ObjectTagging:*'])] }, 'ok', /any name/],
    ['of uploads only',                     toQueue, ['a/', 'b/'],     { QueueConfigurations: [queue(ALL, ['prefix', 'a/']), queue(['s3:ObjectCreated:*'], ['prefix', 'b/'])] }, 'warning', /Tags send none/],
    ['of the tags of one suffix',           toQueue, ['a/'],           { QueueConfigurations: [queue(['s3:ObjectCreated:*']), queue(['s3:ObjectTagging:Put'], ['suffix', '.json'])] }, 'warning', /Tags send none/],
    ['of small uploads only',               toQueue, ['exports/'],     { QueueConfigurations: [queue(['s3:ObjectCreated:Put'])] },                        'wrong',   /no event .* for s3:ObjectCreated:Post, s3:ObjectCreated:Copy, s3:ObjectCreated:CompleteMultipartUpload\./],
    ['of removals',                         toQueue, ['exports/'],     { QueueConfigurations: [queue(['s3:ObjectRemoved:*'])] },                          'wrong',   /no event/],
    ['of a part of the prefix',             toQueue, ['exports/'],     { QueueConfigurations: [queue(ALL, ['Prefix', 'exports/km/'])] },                  'wrong',   /only those like "exports\/km\/\*"/],
    ['of one suffix',                       toQueue, ['exports/'],     { QueueConfigurations: [queue(ALL, ['Suffix', '.json'])] },                        'wrong',   /only those like "\*\.json"/],
    ['of one of two prefixes',              toQueue, ['a/', 'b/'],     { QueueConfigurations: [queue(ALL, ['prefix', 'a/'])] },                           'wrong',   /^Files under b\/ send no event/],
    ['to another queue',                    toQueue, ['a/'],           { QueueConfigurations: [{ QueueArn: `${QUEUE}x`, Events: [...ALL] }] },            'wrong',   /send no event to the import queue/],
    ['to the topic',                        toTopic, ['a/'],           { TopicConfigurations: [topic('a/')] },                                            'ok',      /to the SNS topic/],
    ['to EventBridge, and perhaps on',      toTopic, ['a/'],           { EventBridgeConfiguration: {} },                                                  'warning', /does not see whether/],
    ['to no topic',                         toTopic, ['a/'],           {},                                                                                'wrong',   /send no event to the SNS topic/],
  ])('%s', (_what, way, prefixes, notifications, result, text) => {
    const found = checkNotifications({ bucket: 'b', prefixes, way }, notifications, QUEUE)
    expect(found).toMatchObject([{ result, text: expect.stringMatching(text) as unknown }])
  })

  test('are corrected by a command that keeps the others, in place of those that overlap, which S3 would refuse', () => {
    const other = {
      QueueArn: `${QUEUE}x`,
      Events: ALL,
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'logs/' }] } },
    } as never
    const notifications = { QueueConfigurations: [other, queue(ALL, ['prefix', 'a/km/'])], TopicConfigurations: [topic('z/')] }
    const [found] = checkNotifications({ bucket: 'b', prefixes: ['a/', "it's/"], way: toQueue }, notifications, QUEUE)
    const [, json = ''] = /--notification-configuration '(.*)'$/.exec(found?.commands?.[0] ?? '') ?? []
    expect(JSON.parse(json.replaceAll(String.raw`'\''`, "'"))).toEqual({
      QueueConfigurations: [other, queue(ALL, ['prefix', 'a/']), queue(ALL, ['prefix', "it's/"])],
      TopicConfigurations: [topic('z/')],
    })
  })
})

describe('the queues', () => {
  const deadLetters: QueueFacts = {
    url: 'https://sqs/d',
    attributes: {
      QueueArn: `${QUEUE}-d`,
      MessageRetentionPeriod: '1209600',
      RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [QUEUE] }),
    },
  }
  const importQueue: QueueFacts = {
    url: 'https://sqs/i',
    attributes: {
      QueueArn: QUEUE,
      MessageRetentionPeriod: '1209600',
      VisibilityTimeout: '5400',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${QUEUE}-d`, maxReceiveCount: 5 }),
    },
  }
  const changed = ({ url, attributes }: QueueFacts, more: QueueFacts['attributes']): QueueFacts => ({
    url,
    attributes: { ...attributes, ...more },
  })

  test('are as the stack makes them', () => {
    expect([...checkImportQueue(importQueue, deadLetters), ...checkDeadLetterQueue(deadLetters, importQueue)]).toMatchObject([
      { result: 'ok', text: 'A message that fails 5 times moves to the dead-letter queue.' },
      { result: 'ok', text: 'Dead letters are kept for 14 days.' },
    ])
  })

  // prettier-ignore
  test.each<[string, Finding | undefined, string]>([
    ['no redrive policy',            checkImportQueue(changed(importQueue, { RedrivePolicy: undefined }), deadLetters)[0],                                          `RedrivePolicy`],
    ['the key of SQS',               checkImportQueue(changed(importQueue, { KmsMasterKeyId: 'alias/aws/sqs' }), deadLetters)[0],                                   'SqsManagedSseEnabled'],
    ['a dead-letter queue for others', checkDeadLetterQueue(changed(deadLetters, { RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: ['x'] }) }), importQueue)[0], 'RedriveAllowPolicy'],
    ['a dead-letter queue for none', checkDeadLetterQueue(changed(deadLetters, { RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'denyAll' }) }), importQueue)[0], 'RedriveAllowPolicy'],
  ])('with %s are wrong', (_what, found, attribute) => {
    expect(found).toMatchObject({ result: 'wrong', commands: [expect.stringContaining(attribute) as unknown] })
  })

  test('a policy that the doctor cannot evaluate is not checked', () => {
    const policy = JSON.stringify({ Statement: { Effect: 'Allow', NotAction: 'x', Resource: '*', Principal: '*' } })
    const sender = { what: 'S3', service: 's3.amazonaws.com', arn: 'arn:aws:s3:::b', account: '1' }
    expect(checkSenders({ queueUrl: 'u', queueArn: QUEUE, policy }, [sender])).toMatchObject([
      { result: 'not checked', text: expect.stringContaining('the element NotAction') as unknown },
    ])
  })
})

describe('the endpoint', () => {
  /** A server that answers nothing, or with bytes that are not TLS. */
  async function serve(run: (port: number, server: Server) => Promise<void>, answer?: string): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).resume()
      if (answer !== undefined) socket.end(answer)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await run((server.address() as AddressInfo).port, server)
    server.close()
    await once(server, 'close')
  }

  test('that accepts connections is reached, and is sent nothing', async () => {
    await serve(async (port) => {
      expect(await checkEndpoint(`http://127.0.0.1:${port}`)).toMatchObject([{ result: 'ok' }])
    })
  })

  test('that does not speak TLS is wrong', async () => {
    await serve(async (port) => {
      expect(await checkEndpoint(`https://localhost:${port}`)).toMatchObject([
        { result: 'wrong', text: expect.stringMatching(/does not identify itself as localhost/) as unknown },
      ])
    }, 'HTTP/1.1 400 Bad Request\r\n\r\n')
  })

  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))

  test.each([
    ['ENOTFOUND', 'wrong', /There is no host trk\.example\.com/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'wrong', /does not identify itself/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'wrong', /does not identify itself/],
    ['CERT_HAS_EXPIRED', 'wrong', /does not identify itself/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'wrong', /does not identify itself/],
    ['ECONNREFUSED', 'warning', /cannot be reached from this computer \(ECONNREFUSED\)/],
    ['ABORT_ERR', 'warning', /no answer within 10 s/],
  ])('after %s is %s', async (code, result, text) => {
    expect(await checkEndpoint('https://trk.example.com', failing(code))).toMatchObject([
      { result, text: expect.stringMatching(text) as unknown },
    ])
  })
})

test('a finding is wrapped, and each command has a row of its own that can be copied', () => {
  const finding: Finding = {
    check: 'queue',
    result: 'wrong',
    text: 'word '.repeat(30).trim(),
    commands: [`aws ${'x'.repeat(90)}`, 'npx'],
  }
  expect(findingText(finding, { write: () => true })).toBe(
    `wrong        queue: ${'word '.repeat(12).trim()}\n             ${'word '.repeat(13).trim()}\n             ${'word '.repeat(5).trim()}\n               aws ${'x'.repeat(90)}\n               npx\n`,
  )
})
