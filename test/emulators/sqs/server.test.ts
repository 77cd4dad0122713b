import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { DeleteMessageBatchCommand, DeleteMessageCommand, SendMessageBatchCommand, type Message } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SetupError } from '../../../lambda/errors.ts'
import { startSqs } from '../../../emulators/sqs/server.ts'
import { bodies, connect, countsOf, create, localSqs, only, receive, sendText, type LocalSqs } from './local-sqs.ts'

let local: LocalSqs
beforeAll(async () => {
  local = await localSqs()
  await create(local.sqs, 'q')
})
afterAll(async () => {
  await local[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number | undefined
  readonly queryError: unknown
  readonly body: Record<string, unknown>
}

/** Without the SDK, which would not send most of these requests. */
function call(operation: string | undefined, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = operation === undefined ? {} : { 'x-amz-target': operation }
    const request = httpRequest(
      local.server.url,
      { method: 'POST', agent: false, headers: { ...target, ...headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const json = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
          resolve({ status: response.statusCode, queryError: response.headers['x-amzn-query-error'], body: json })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const UNKNOWN = 'com.amazon.coral.service#UnknownOperationException'
const UNREADABLE = 'com.amazon.coral.service#SerializationException'
const UNSUPPORTED = 'com.amazonaws.sqs#UnsupportedOperation'
const NO_QUEUE = 'com.amazonaws.sqs#QueueDoesNotExist'
const MISSING = 'com.amazon.coral.service#MissingRequiredParameterException'

describe('an invalid request is rejected with an error of AWS', () => {
  // prettier-ignore
  test.each<[string, string | undefined, string, type: string, code: string, message: RegExp]>([
    //  what                                     operation                 request                           type         query-protocol code                                 message
    ['an unknown operation',           'AmazonSQS.Fly',          '{}',                             UNKNOWN,     'InvalidAction;Sender',                             /AmazonSQS\.Fly is not implemented/],
    ['an unsupported operation',                    'AmazonSQS.TagQueue',     '{}',                             UNKNOWN,     'InvalidAction;Sender',                             /TagQueue is not implemented/],
    ['a name of Object.prototype',             'AmazonSQS.constructor',  '{}',                             UNKNOWN,     'InvalidAction;Sender',                             /constructor is not implemented/],
    ['an operation of another service',          'AmazonSNS.ListQueues',   '{}',                             UNKNOWN,     'InvalidAction;Sender',                             /AmazonSNS\.ListQueues is not implemented/],
    ['the query protocol',                       undefined,                'Action=ListQueues',              UNKNOWN,     'InvalidAction;Sender',                             /only supports the JSON protocol/],
    ['not JSON',                                  'AmazonSQS.ListQueues',   '{',                              UNREADABLE,  'MalformedInput;Sender',                            /not a JSON document/],
    ['a list',                                   'AmazonSQS.ListQueues',   '[]',                             UNREADABLE,  'MalformedInput;Sender',                            /The request: /],
    ['a parameter of another type',              'AmazonSQS.ListQueues',   '{"MaxResults":"2"}',             UNREADABLE,  'MalformedInput;Sender',                            /MaxResults: .*number/],
    ['an unsupported parameter',        'AmazonSQS.CreateQueue',  '{"tags":{"a":"b"}}',             UNSUPPORTED, 'AWS.SimpleQueueService.UnsupportedOperation;Sender', /parameter tags is not implemented/],
    ['an unsupported parameter of an entry',                          'AmazonSQS.SendMessageBatch', '{"Entries":[{"Id":"a","MessageGroupId":"g"}]}', UNSUPPORTED, 'AWS.SimpleQueueService.UnsupportedOperation;Sender', /Entries\.0\.MessageGroupId/],
    ['no queue',                                 'AmazonSQS.ReceiveMessage', '{}',                           MISSING,     'MissingParameter;Sender',                          /parameter QueueUrl/],
    ['a queue of another account',               'AmazonSQS.PurgeQueue',   '{"QueueUrl":"http://127.0.0.1/000000000001/q"}', NO_QUEUE, 'AWS.SimpleQueueService.NonExistentQueue;Sender', /does not exist/],
    ['a longer path',                      'AmazonSQS.PurgeQueue',   '{"QueueUrl":"http://127.0.0.1/a/000000000000/q"}', NO_QUEUE, 'AWS.SimpleQueueService.NonExistentQueue;Sender', /does not exist/],
    ['an invalid URL',                  'AmazonSQS.PurgeQueue',   '{"QueueUrl":"http://["}',        NO_QUEUE,    'AWS.SimpleQueueService.NonExistentQueue;Sender',   /does not exist/],
  ])('%s', async (_what, operation, body, type, code, message) => {
    const answer = await call(operation, body)
    expect(answer).toEqual({ status: 400, queryError: code, body: { __type: type, message: expect.stringMatching(message) } })
  })

  test('a request that is too long is rejected', async () => {
    const answer = await call('AmazonSQS.ListQueues', ' '.repeat(16 * 1_048_576 + 1))
    expect(answer).toMatchObject({ status: 413, body: { __type: UNREADABLE } })
  })

  test('another host name, as with DNS rebinding, is rejected', async () => {
    expect(await call('AmazonSQS.ListQueues', '{}', { host: 'example.com' })).toMatchObject({
      status: 403,
      queryError: 'AccessDenied;Sender',
    })
    expect(await call('AmazonSQS.ListQueues', '{}', { host: '127.0.0.1.example.com' })).toMatchObject({ status: 403 })
    expect(await call('AmazonSQS.ListQueues', '{}', { host: 'localhost:1' })).toMatchObject({ status: 200 })
  })
})

describe('a queue is found by the path of its URL', () => {
  test.each(['http://127.0.0.1:1/000000000000/q', 'https://sqs.us-east-1.amazonaws.com/000000000000/q', '/000000000000/q'])(
    '%s',
    async (QueueUrl) => {
      expect(await call('AmazonSQS.PurgeQueue', JSON.stringify({ QueueUrl }))).toMatchObject({ status: 200, body: {} })
    },
  )

  test('region and account can be set at the start', async () => {
    await using other = await localSqs({ region: 'eu-west-1', accountId: '123456789012' })
    expect(other.server.queueArn('a')).toBe('arn:aws:sqs:eu-west-1:123456789012:a')
    expect(await create(other.sqs, 'a')).toBe(`${other.server.url}/123456789012/a`)
    expect(other.server.queueUrl('a')).toBe(`${other.server.url}/123456789012/a`)
  })
})

test('lists are paged', async () => {
  await using many = await localSqs()
  for (const name of ['a1', 'a2', 'a3', 'b']) await create(many.sqs, name)
  const page = async (more: object): Promise<unknown> => {
    const response = await fetch(many.server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSQS.ListQueues' },
      body: JSON.stringify({ QueueNamePrefix: 'a', MaxResults: 2, ...more }),
    })
    return response.json()
  }
  const url = (name: string): string => many.server.queueUrl(name)
  expect(await page({})).toEqual({ QueueUrls: [url('a1'), url('a2')], NextToken: 'a2' })
  expect(await page({ NextToken: 'a2' })).toEqual({ QueueUrls: [url('a3')] })
})

test('a port in use is reported, and the state of the server that uses it stays unchanged', async () => {
  await using first = await localSqs()
  const url = await create(first.sqs, 'q')
  await sendText(first.sqs, url, 'x')
  await receive(first.sqs, url)
  await expect(startSqs({ dir: first.dir, port: first.server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(await countsOf(first.sqs, url)).toEqual([0, 1, 0])
})

test('a second server on the same folder does not start', async () => {
  await using first = await localSqs()
  const second = startSqs({ dir: first.dir })
  await expect(second).rejects.toBeInstanceOf(SetupError)
  await expect(second).rejects.toThrow(
    `The state folder ${first.dir} is in use by another SQS emulator. Stop that one, or name another folder.`,
  )
})

test('stopping the server ends waiting requests', async () => {
  const server = await localSqs()
  const url = await create(server.sqs, 'q')
  const request = httpRequest(server.server.url, {
    method: 'POST',
    agent: false,
    headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' },
  })
  const broken = once(request, 'response').catch((error: unknown) => error)
  request.end(JSON.stringify({ QueueUrl: url, WaitTimeSeconds: 20 }))
  await once(request, 'finish')
  await server[Symbol.asyncDispose]()
  expect(await broken).toMatchObject({ code: 'ECONNRESET' })
})

test('the receipt handle of an earlier delivery deletes nothing', async () => {
  const QueueUrl = await create(local.sqs, 'delivered-again')
  await sendText(local.sqs, QueueUrl, 'a')
  const [first] = await receive(local.sqs, QueueUrl, { VisibilityTimeout: 0 })
  const [second] = await receive(local.sqs, QueueUrl)
  await local.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }))
  expect(await countsOf(local.sqs, QueueUrl)).toEqual([0, 1, 0])
  await local.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second?.ReceiptHandle }))
  expect(await countsOf(local.sqs, QueueUrl)).toEqual([0, 0, 0])
})

describe('of the requests that wait', () => {
  const never = new AbortController().signal
  const textsOf = (answer: unknown) => (answer as { readonly Messages?: readonly Message[] }).Messages?.map(({ Body }) => Body)
  const receiveIn = async (QueueUrl: string, signal = never) =>
    textsOf(await local.server.execute('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 }, signal))
  const sendIn = (QueueUrl: string, MessageBody: string, DelaySeconds = 0) =>
    local.server.execute('SendMessage', { QueueUrl, MessageBody, DelaySeconds }, never)

  test('each receives one of the messages', async () => {
    const url = await create(local.sqs, 'several-wait')
    const waiting = Promise.all([receiveIn(url), receiveIn(url), receiveIn(url)])
    for (const text of ['a', 'b', 'c']) void sendIn(url, text)
    expect((await waiting).flat().toSorted()).toEqual(['a', 'b', 'c'])
  })

  test('one that is cancelled leaves its message to another', async () => {
    const url = await create(local.sqs, 'one-is-cancelled')
    const cancelling = new AbortController()
    const cancelled = receiveIn(url, cancelling.signal)
    const other = receiveIn(url)
    void sendIn(url, 'a') // wakes the first
    cancelling.abort()
    expect(await cancelled).toBeUndefined()
    expect(await other).toEqual(['a'])
  })

  test('one receives a message when its delay ends, although another was woken by it', async () => {
    const url = await create(local.sqs, 'delay-ends')
    const waiting = Promise.all([receiveIn(url), receiveIn(url)])
    void sendIn(url, 'delayed', 1)
    void sendIn(url, 'now')
    expect((await waiting).flat()).toEqual(['now', 'delayed'])
  })
})

describe('sending without HTTP', () => {
  test('delivers the same message', async () => {
    const url = local.server.queueUrl('q')
    await local.server.send(local.server.queueArn('q'), 'an event')
    expect(await bodies(local.sqs, url)).toEqual(['an event'])
  })

  test('wakes waiting requests', async () => {
    const url = await create(local.sqs, 'waited-for')
    const waiting = bodies(local.sqs, url, { WaitTimeSeconds: 20 })
    await local.server.send(local.server.queueArn('waited-for'), 'an event')
    expect(await waiting).toEqual(['an event'])
  })

  test('to a missing queue fails', async () => {
    await expect(local.server.send(local.server.queueArn('none'), 'x')).rejects.toThrow(
      'The SQS emulator has no queue arn:aws:sqs:us-east-1:000000000000:none: create it before you send to it.',
    )
  })

  test('fails for a body that SQS rejects', async () => {
    await expect(local.server.send(local.server.queueArn('q'), '')).rejects.toThrow('MessageBody')
  })
})

test('eight consumers receive 2,000 messages, each exactly once', async () => {
  await using server = await localSqs()
  const url = await create(server.sqs, 'q')
  const text = 'x'.repeat(500)
  const numbers = Array.from({ length: 2_000 }, (_, number) => number)
  const batches = Array.from({ length: 200 }, (_, batch) => numbers.slice(batch * 10, batch * 10 + 10))
  const consumers = Array.from({ length: 8 })
  await Promise.all(
    consumers.map(async () => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
        const Entries = batch.map((number) => ({ Id: `e${number}`, MessageBody: `${number} ${text}` }))
        await server.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      }
    }),
  )
  const seen: number[] = []
  await Promise.all(
    consumers.map(async () => {
      for (;;) {
        const messages = await receive(server.sqs, url)
        if (messages.length === 0) return
        seen.push(...messages.map(({ Body }) => Number.parseInt(Body!)))
        const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `d${index}`, ReceiptHandle }))
        await server.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
      }
    }),
  )
  expect(seen.toSorted((a, b) => a - b)).toEqual(numbers)
  expect(await countsOf(server.sqs, url)).toEqual([0, 0, 0])
})

test('another client finds the queue at the URL that the server returns', async () => {
  const client = await connect(local.server.url)
  const url = await create(client, 'q-other')
  expect(url).toBe(local.server.queueUrl('q-other'))
  await sendText(client, url, 'x')
  expect((await only(receive(client, url))).Body).toBe('x')
  client.destroy()
})
