import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DeleteMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { changeVisibility, sqsDeadLetterQueue, sqsDeadLetterReader, sqsImportQueue } from '../../../lambda/adapters/sqs.ts'
import type { Envelope } from '../../../lambda/settle/batching.ts'
import { connect, create, localSqs, receive, type LocalSqs } from '../../emulators/sqs/local-sqs.ts'
import { StubServer } from '../read/stub-server.ts'

let local: LocalSqs
let sqs: SQSClient
let queueUrl: string
let queues = 0
beforeAll(async () => {
  local = await localSqs()
  sqs = local.sqs
})
afterAll(async () => {
  await local[Symbol.asyncDispose]()
})
beforeEach(async () => {
  queueUrl = await create(sqs, `q${(queues += 1)}`)
})

const envelope = (body: string): Envelope => ({ body, attributes: { reason: 'invalid_json', file: 'incoming/a.json' } })

describe('the dead-letter queue', () => {
  test('stores bodies with their attributes', async () => {
    expect(await sqsDeadLetterQueue(sqs, queueUrl).sendBatch([envelope('first'), envelope('second')])).toEqual([])
    const messages = await receive(sqs, queueUrl, { MessageAttributeNames: ['All'] })
    expect(messages.map(({ Body }) => Body).toSorted()).toEqual(['first', 'second'])
    expect(messages[0]?.MessageAttributes).toMatchObject({ reason: { DataType: 'String', StringValue: 'invalid_json' } })
  })

  test('returns the entries that SQS refused, by their index', async () => {
    await using server = await StubServer.start((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
        response.end(
          JSON.stringify({
            Successful: [{ Id: '0', MessageId: 'm', MD5OfMessageBody: createHash('md5').update('first').digest('hex') }],
            Failed: [
              { Id: '1', Code: 'InternalError', SenderFault: false },
              { Id: '2', Code: 'InvalidMessageContents', SenderFault: true },
            ],
          }),
        )
      })
    })
    const client = await connect(server.url)
    const batch = [envelope('first'), envelope('second'), envelope('third')]
    expect(await sqsDeadLetterQueue(client, `${server.url}/000000000000/q`).sendBatch(batch)).toEqual([
      { index: 1, code: 'InternalError', isSenderFault: false },
      { index: 2, code: 'InvalidMessageContents', isSenderFault: true },
    ])
    client.destroy()
  })
})

describe('the reader of the dead-letter queue', () => {
  const send = (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }))

  test('takes messages with id, body, date and receipt, and hides them from other consumers', async () => {
    const before = Date.now()
    await send('a')
    const reader = sqsDeadLetterReader(sqs, queueUrl)
    const [taken] = await reader.take(60)
    expect(taken).toEqual({ id: expect.any(String), body: 'a', sentAt: expect.any(Date), receipt: expect.any(String) })
    expect(taken?.sentAt.getTime()).toBeGreaterThanOrEqual(before)
    expect(await reader.take(60)).toEqual([])
  })

  test('makes messages visible again', async () => {
    await send('a')
    const reader = sqsDeadLetterReader(sqs, queueUrl)
    await reader.putBack(await reader.take(60))
    expect((await reader.take(60)).map(({ body }) => body)).toEqual(['a'])
  })

  test('removes messages', async () => {
    await send('a')
    const reader = sqsDeadLetterReader(sqs, queueUrl)
    const taken = await reader.take(0)
    await reader.remove(taken)
    expect(await reader.take(0)).toEqual([])
  })

  test('fails if a message could not be removed', async () => {
    await send('a')
    const reader = sqsDeadLetterReader(sqs, queueUrl)
    await expect(reader.remove([{ receipt: 'unknown' }])).rejects.toThrow(
      /^1 dead letters could not be deleted from the queue \(/,
    )
  })
})

test('the import queue delays a message', async () => {
  const queue = sqsImportQueue(sqs, queueUrl)
  await queue.send('later', 900)
  await queue.send('now', 0)
  expect((await receive(sqs, queueUrl)).map(({ Body }) => Body)).toEqual(['now'])
})

test('a received message can be made visible again before its timeout', async () => {
  await sqsImportQueue(sqs, queueUrl).send('a', 0)
  const [message] = await receive(sqs, queueUrl, { VisibilityTimeout: 600 })
  expect(await changeVisibility(sqs, queueUrl, message?.ReceiptHandle ?? '', 0)).toBe(true)
  expect((await receive(sqs, queueUrl)).map(({ Body }) => Body)).toEqual(['a'])
})

test('the visibility of a message that was deleted cannot be changed', async () => {
  await sqsImportQueue(sqs, queueUrl).send('a', 0)
  const [message] = await receive(sqs, queueUrl)
  await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message?.ReceiptHandle }))
  expect(await changeVisibility(sqs, queueUrl, message?.ReceiptHandle ?? '', 60)).toBe(false)
})

// prettier-ignore
test.each([
  [ 'MessageNotInflight',                'AWS.SimpleQueueService.MessageNotInflight', 400, false ],
  [ 'ReceiptHandleIsInvalid',            'ReceiptHandleIsInvalid',                    404, 'ReceiptHandleIsInvalid' ], // a test event, written by hand
  [ 'InvalidParameterValueException',    'InvalidParameterValue',                     400, false ],
  [ 'RequestThrottled',                  'RequestThrottled',                          403, 'RequestThrottled' ],
])('if SQS answers %s to a change of visibility', async (type, code, status, expected) => {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-error': `${code};Sender` })
    response.end(JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: 'no' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'k', secretAccessKey: 's' }, maxAttempts: 1 })
  const result = await changeVisibility(client, `${endpoint}/1/q`, 'receipt', 60).catch((error: unknown) => (error as Error).name)
  client.destroy()
  server.close()
  expect(result).toBe(expected)
})
