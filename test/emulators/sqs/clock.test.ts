import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { MoveTasks } from '../../../emulators/sqs/move-tasks.ts'
import { Messages } from '../../../emulators/sqs/messages.ts'
import { noFaults } from '../../../emulators/sqs/message-operations.ts'
import { OPERATIONS } from '../../../emulators/sqs/operations.ts'
import { Queues } from '../../../emulators/sqs/queues.ts'
import { openStore } from '../../../emulators/sqs/store.ts'
import {
  attributesOf,
  bodies,
  countsOf,
  create,
  createPair,
  localSqs,
  only,
  receive,
  sendText,
  type LocalSqs,
} from './local-sqs.ts'

/** A clock that stands until it is set on. */
let now: number
let local: LocalSqs
let queue: string
beforeEach(async () => {
  now = 1_700_000_000_000
  local = await localSqs({ now: () => now })
  queue = await create(local.sqs, 'q')
})
afterEach(async () => {
  await local[Symbol.asyncDispose]()
})

function pass(ms: number): void {
  now += ms
  local.server.clockMoved()
}

const changeVisibility = (ReceiptHandle: string, VisibilityTimeout: number) =>
  local.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle, VisibilityTimeout }))

test('a message is out for as long as the queue says, to the millisecond', async () => {
  await sendText(local.sqs, queue, 'x')
  await only(receive(local.sqs, queue))
  pass(29_999)
  expect(await receive(local.sqs, queue)).toEqual([])
  pass(1)
  expect(await bodies(local.sqs, queue)).toEqual(['x'])
})

test('a receive may ask for another time', async () => {
  await sendText(local.sqs, queue, 'x')
  await only(receive(local.sqs, queue, { VisibilityTimeout: 100 }))
  pass(99_999)
  expect(await countsOf(local.sqs, queue)).toEqual([0, 1, 0])
  pass(1)
  expect(await countsOf(local.sqs, queue)).toEqual([1, 0, 0])
})

test('a message that is out can be kept longer, from now on', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  pass(20_000)
  await changeVisibility(ReceiptHandle, 60)
  pass(59_999)
  expect(await receive(local.sqs, queue)).toEqual([])
  pass(1)
  expect(await bodies(local.sqs, queue)).toEqual(['x'])
})

test('no longer than twelve hours from its delivery', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  pass(10_000)
  await expect(changeVisibility(ReceiptHandle, 43_191)).rejects.toThrow(
    'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
  )
  await changeVisibility(ReceiptHandle, 43_190)
})

test('keeping what is visible again is accepted, and does nothing', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  pass(30_000)
  await changeVisibility(ReceiptHandle, 60)
  expect(await bodies(local.sqs, queue)).toEqual(['x'])
})

test('keeping what another one has by now does nothing to it', async () => {
  await sendText(local.sqs, queue, 'x')
  const first = await only(receive(local.sqs, queue))
  pass(30_000)
  await only(receive(local.sqs, queue))
  await changeVisibility(first.ReceiptHandle, 0)
  expect(await receive(local.sqs, queue)).toEqual([])
})

test('keeping what is deleted is an error', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  await local.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }))
  await expect(changeVisibility(ReceiptHandle, 60)).rejects.toThrow(
    'Message does not exist or is not available for visibility timeout change',
  )
})

test('who was too slow can still delete, unless another one has the message by now', async () => {
  for (const body of ['deleted', 'kept']) {
    await sendText(local.sqs, queue, body)
    const { ReceiptHandle } = await only(receive(local.sqs, queue))
    pass(30_000)
    if (body === 'kept') await only(receive(local.sqs, queue))
    await local.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }))
  }
  expect(await countsOf(local.sqs, queue)).toEqual([0, 1, 0])
})

describe('a delay', () => {
  test('is the message’s', async () => {
    await local.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'x', DelaySeconds: 5 }))
    pass(4_999)
    expect(await countsOf(local.sqs, queue)).toEqual([0, 0, 1])
    pass(1)
    expect(await bodies(local.sqs, queue)).toEqual(['x'])
  })

  test('or the queue’s, where the message has none', async () => {
    await local.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { DelaySeconds: '5' } }))
    await local.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'now', DelaySeconds: 0 }))
    await sendText(local.sqs, queue, 'later')
    expect(await bodies(local.sqs, queue)).toEqual(['now'])
    pass(5_000)
    expect(await bodies(local.sqs, queue)).toEqual(['later'])
  })
})

describe('a message is kept for as long as the queue says', () => {
  test('whether it waits or is out', async () => {
    await local.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { MessageRetentionPeriod: '60' } }))
    await sendText(local.sqs, queue, 'out')
    await only(receive(local.sqs, queue, { VisibilityTimeout: 43_200 }))
    await sendText(local.sqs, queue, 'waits')
    pass(59_999)
    expect(await countsOf(local.sqs, queue)).toEqual([1, 1, 0])
    pass(1)
    expect(await receive(local.sqs, queue)).toEqual([])
    expect(await countsOf(local.sqs, queue)).toEqual([0, 0, 0])
  })

  test('also in the dead-letter queue, from when it was first sent', async () => {
    const { queue: source, deadLetters } = await createPair(local.sqs, 'source', 1)
    await local.sqs.send(new SetQueueAttributesCommand({ QueueUrl: deadLetters, Attributes: { MessageRetentionPeriod: '60' } }))
    await sendText(local.sqs, source, 'x')
    await only(receive(local.sqs, source))
    pass(59_000)
    expect(await receive(local.sqs, source)).toEqual([])
    expect(await countsOf(local.sqs, deadLetters)).toEqual([1, 0, 0])
    pass(1_000)
    expect(await countsOf(local.sqs, deadLetters)).toEqual([0, 0, 0])
  })
})

test('a dead-letter queue with one of its own counts its own deliveries, and tells all of them', async () => {
  const { queue: middle, deadLetters: last } = await createPair(local.sqs, 'middle', 2)
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: local.server.queueArn('middle'), maxReceiveCount: 2 })
  const first = await create(local.sqs, 'first', { RedrivePolicy })
  await sendText(local.sqs, first, 'x')
  const seen: unknown[] = []
  for (const url of [first, first, first, middle, middle, middle, last]) {
    const messages = await receive(local.sqs, url, { VisibilityTimeout: 0 })
    seen.push(
      messages.map(({ Attributes }) => [
        Attributes?.ApproximateReceiveCount,
        Attributes?.DeadLetterQueueSourceArn?.split(':').at(-1),
      ]),
    )
  }
  expect(seen).toEqual([[['1', undefined]], [['2', undefined]], [], [['3', 'first']], [['4', 'first']], [], [['5', 'middle']]])
})

describe('who waits', () => {
  test('gets what becomes visible meanwhile', async () => {
    await sendText(local.sqs, queue, 'x')
    await only(receive(local.sqs, queue, { VisibilityTimeout: 10 }))
    const waiting = bodies(local.sqs, queue, { WaitTimeSeconds: 20 })
    await countsOf(local.sqs, queue) // by whose answer the receive waits, being sent before
    pass(10_000)
    expect(await waiting).toEqual(['x'])
  })

  test('gets what is given back meanwhile', async () => {
    await sendText(local.sqs, queue, 'x')
    const { ReceiptHandle } = await only(receive(local.sqs, queue))
    const waiting = bodies(local.sqs, queue, { WaitTimeSeconds: 20 })
    await changeVisibility(ReceiptHandle, 0)
    expect(await waiting).toEqual(['x'])
  })

  test('at a dead-letter queue gets what is moved there', async () => {
    const { queue: source, deadLetters } = await createPair(local.sqs, 'source', 1)
    await sendText(local.sqs, source, 'x')
    await only(receive(local.sqs, source, { VisibilityTimeout: 0 }))
    const waiting = receive(local.sqs, deadLetters, { WaitTimeSeconds: 20 })
    expect(await receive(local.sqs, source)).toEqual([])
    expect((await only(waiting)).Attributes).toMatchObject({ DeadLetterQueueSourceArn: local.server.queueArn('source') })
  })

  test('waits as long as the queue says, where the receive does not', async () => {
    const url = await create(local.sqs, 'patient', { ReceiveMessageWaitTimeSeconds: '20' })
    const waiting = receive(local.sqs, url)
    const wait = { isOver: false }
    void waiting.finally(() => {
      wait.isOver = true
    })
    while (!wait.isOver) {
      pass(1_000)
      await countsOf(local.sqs, url)
    }
    expect(await waiting).toEqual([])
    expect(now).toBeGreaterThanOrEqual(1_700_000_020_000)
  })

  test('may do so at a queue of any name', async () => {
    const url = await create(local.sqs, 'error')
    const waiting = bodies(local.sqs, url, { WaitTimeSeconds: 20 })
    await sendText(local.sqs, url, 'x')
    expect(await waiting).toEqual(['x'])
  })

  test('learns that the queue is gone', async () => {
    const waiting = receive(local.sqs, queue, { WaitTimeSeconds: 20 })
    const told = expect(waiting).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
    await local.sqs.send(new DeleteQueueCommand({ QueueUrl: queue }))
    await told
  })

  test('and has hung up gets nothing, so that the message is there for the next', async () => {
    const db = openStore(`${local.dir}/other`)
    const queues = new Queues(db, 'r', '000000000000', () => now)
    const messages = new Messages(db, queues, () => now)
    const moveTasks = new MoveTasks(db, queues, messages, () => now)
    const service = { queues, messages, moveTasks, faults: noFaults(), urlOf: () => '', now: () => now }
    const made = queues.create('q')
    const caller = new AbortController()
    const answer = OPERATIONS.ReceiveMessage!(service, { QueueUrl: '/000000000000/q', WaitTimeSeconds: 20 }, caller.signal)
    caller.abort()
    messages.send(made, 'x', {})
    expect(await answer).toEqual({})
    expect(messages.count(made)).toEqual({ visible: 1, inFlight: 0, delayed: 0 })
    db.close()
  })
})

test('a queue tells when it was made and last changed', async () => {
  pass(5_000)
  await local.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { DelaySeconds: '1' } }))
  expect(await attributesOf(local.sqs, queue)).toMatchObject({
    CreatedTimestamp: '1700000000',
    LastModifiedTimestamp: '1700000005',
  })
})

test('a message tells when it was sent and first received', async () => {
  await sendText(local.sqs, queue, 'x')
  pass(1_000)
  await only(receive(local.sqs, queue, { VisibilityTimeout: 0 }))
  pass(1_000)
  expect((await only(receive(local.sqs, queue))).Attributes).toMatchObject({
    SentTimestamp: '1700000000000',
    ApproximateFirstReceiveTimestamp: '1700000001000',
    ApproximateReceiveCount: '2',
  })
})
