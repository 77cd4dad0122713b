import { DeleteMessageCommand, ListQueuesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { bodies, countsOf, create, localSqs, only, receive, sendText, type LocalSqs } from './local-sqs.ts'

let local: LocalSqs
let queue: string
beforeEach(async () => {
  local = await localSqs()
  queue = await create(local.sqs, 'q')
})
afterEach(async () => {
  await local[Symbol.asyncDispose]()
})

test('by default there are no faults', () => {
  expect(local.server.faults).toEqual({ unavailable: 0, deliverTwice: 0, reorder: 0, failEntries: 0 })
})

test('after a 503 or two, the SDK retries', async () => {
  local.server.faults.unavailable = 2
  await sendText(local.sqs, queue, 'x')
  expect(local.server.faults.unavailable).toBe(0)
  expect(await bodies(local.sqs, queue)).toEqual(['x'])
})

test('if every answer is a 503, the SDK gives up', async () => {
  local.server.faults.unavailable = 3
  await expect(local.sqs.send(new ListQueuesCommand({}))).rejects.toMatchObject({
    name: 'ServiceUnavailable',
    $metadata: { httpStatusCode: 503, attempts: 3 },
  })
})

test('faults can be set at the start', async () => {
  await using other = await localSqs({ faults: { unavailable: 1 } })
  expect(other.server.faults.unavailable).toBe(0) // the first request met it
})

test('a message is delivered twice, the second time after it was deleted', async () => {
  const id = await sendText(local.sqs, queue, 'x')
  local.server.faults.deliverTwice = 1
  const first = await only(receive(local.sqs, queue))
  await local.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: first.ReceiptHandle }))
  const second = await only(receive(local.sqs, queue))
  expect(
    [first, second].map(({ MessageId, Body, Attributes }) => [MessageId, Body, Attributes?.ApproximateReceiveCount]),
  ).toEqual([
    [id, 'x', '1'],
    [id, 'x', '2'],
  ])
  await local.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: second.ReceiptHandle }))
  expect(await countsOf(local.sqs, queue)).toEqual([0, 0, 0])
})

test('the newest messages are delivered first', async () => {
  for (const body of ['1', '2', '3']) await sendText(local.sqs, queue, body)
  local.server.faults.reorder = 1
  expect(await bodies(local.sqs, queue, { MaxNumberOfMessages: 1 })).toEqual(['3'])
  expect(await bodies(local.sqs, queue)).toEqual(['1', '2'])
})

test('an empty answer uses up no fault', async () => {
  Object.assign(local.server.faults, { reorder: 1, deliverTwice: 1 })
  expect(await receive(local.sqs, queue)).toEqual([])
  expect(local.server.faults).toMatchObject({ reorder: 1, deliverTwice: 1 })
})

test('entries of a batch fail without a fault of the sender, and can be sent again', async () => {
  local.server.faults.failEntries = 2
  const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id }))
  const { Successful, Failed } = await local.sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }))
  expect(Successful?.map(({ Id }) => Id)).toEqual(['c'])
  expect(Failed).toMatchObject(['a', 'b'].map((Id) => ({ Id, SenderFault: false, Code: 'InternalError' })))
  await local.sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries: Entries.slice(0, 2) }))
  expect(await bodies(local.sqs, queue)).toEqual(['c', 'a', 'b'])
})
