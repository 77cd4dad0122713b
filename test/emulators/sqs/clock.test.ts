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
import { noFaults } from '../../../emulators/sqs/faults.ts'
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

/** A clock that only moves when the test moves it. */
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

test('a message stays in flight for the visibility timeout of the queue, to the millisecond', async () => {
  await sendText(local.sqs, queue, 'x')
  await only(receive(local.sqs, queue))
  pass(29_999)
  expect(await receive(local.sqs, queue)).toEqual([])
  pass(1)
  expect(await bodies(local.sqs, queue)).toEqual(['x'])
})

test('a receive request can set another visibility timeout', async () => {
  await sendText(local.sqs, queue, 'x')
  await only(receive(local.sqs, queue, { VisibilityTimeout: 100 }))
  pass(99_999)
  expect(await countsOf(local.sqs, queue)).toEqual([0, 1, 0])
  pass(1)
  expect(await countsOf(local.sqs, queue)).toEqual([1, 0, 0])
})

test('the visibility timeout of a message in flight can be extended', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  pass(20_000)
  await changeVisibility(ReceiptHandle, 60)
  pass(59_999)
  expect(await receive(local.sqs, queue)).toEqual([])
  pass(1)
  expect(await bodies(local.sqs, queue)).toEqual(['x'])
})

test('but not beyond twelve hours after its delivery', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  pass(10_000)
  await expect(changeVisibility(ReceiptHandle, 43_191)).rejects.toThrow(
    'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
  )
  await changeVisibility(ReceiptHandle, 43_190)
})

test('changing the visibility of a visible message succeeds without effect', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  pass(30_000)
  await changeVisibility(ReceiptHandle, 60)
  expect(await bodies(local.sqs, queue)).toEqual(['x'])
})

test('changing the visibility with an old receipt handle has no effect', async () => {
  await sendText(local.sqs, queue, 'x')
  const first = await only(receive(local.sqs, queue))
  pass(30_000)
  await only(receive(local.sqs, queue))
  await changeVisibility(first.ReceiptHandle, 0)
  expect(await receive(local.sqs, queue)).toEqual([])
})

test('changing the visibility of a deleted message fails', async () => {
  await sendText(local.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(local.sqs, queue))
  await local.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }))
  await expect(changeVisibility(ReceiptHandle, 60)).rejects.toThrow(
    'Message does not exist or is not available for visibility timeout change',
  )
})

test('after its timeout a consumer can still delete a message, unless it was delivered again', async () => {
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
  test('can be set for a message', async () => {
    await local.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'x', DelaySeconds: 5 }))
    pass(4_999)
    expect(await countsOf(local.sqs, queue)).toEqual([0, 0, 1])
    pass(1)
    expect(await bodies(local.sqs, queue)).toEqual(['x'])
  })

  test('otherwise the delay of the queue applies', async () => {
    await local.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { DelaySeconds: '5' } }))
    await local.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'now', DelaySeconds: 0 }))
    await sendText(local.sqs, queue, 'later')
    expect(await bodies(local.sqs, queue)).toEqual(['now'])
    pass(5_000)
    expect(await bodies(local.sqs, queue)).toEqual(['later'])
  })
})

describe('a message is deleted after the retention period of its queue', () => {
  test('visible or in flight', async () => {
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

  test('also in the dead-letter queue, counted from when it was first sent', async () => {
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

test('a dead-letter queue with its own dead-letter queue counts its own deliveries, and reports all', async () => {
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

describe('a waiting receive request', () => {
  test('gets a message that becomes visible', async () => {
    await sendText(local.sqs, queue, 'x')
    await only(receive(local.sqs, queue, { VisibilityTimeout: 10 }))
    const waiting = bodies(local.sqs, queue, { WaitTimeSeconds: 20 })
    await countsOf(local.sqs, queue) // by whose answer the receive waits, being sent before
    pass(10_000)
    expect(await waiting).toEqual(['x'])
  })

  test('gets a message that is released', async () => {
    await sendText(local.sqs, queue, 'x')
    const { ReceiptHandle } = await only(receive(local.sqs, queue))
    const waiting = bodies(local.sqs, queue, { WaitTimeSeconds: 20 })
    await changeVisibility(ReceiptHandle, 0)
    expect(await waiting).toEqual(['x'])
  })

  test('on a dead-letter queue gets a message that is moved there', async () => {
    const { queue: source, deadLetters } = await createPair(local.sqs, 'source', 1)
    await sendText(local.sqs, source, 'x')
    await only(receive(local.sqs, source, { VisibilityTimeout: 0 }))
    const waiting = receive(local.sqs, deadLetters, { WaitTimeSeconds: 20 })
    expect(await receive(local.sqs, source)).toEqual([])
    expect((await only(waiting)).Attributes).toMatchObject({ DeadLetterQueueSourceArn: local.server.queueArn('source') })
  })

  test('waits for the default of the queue if it sets no time', async () => {
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

  test('waits a part of that time if the emulator scales it', async () => {
    await using quick = await localSqs({ now: () => now, waitScale: 0.05 })
    const url = await create(quick.sqs, 'q')
    const wait = { isOver: false }
    const waiting = receive(quick.sqs, url, { WaitTimeSeconds: 20 }).finally(() => {
      wait.isOver = true
    })
    while (!wait.isOver) {
      now += 100
      quick.server.clockMoved()
      await countsOf(quick.sqs, url)
    }
    expect(await waiting).toEqual([])
    expect(now).toBeGreaterThanOrEqual(1_700_000_001_000)
    expect(now).toBeLessThan(1_700_000_020_000)
  })

  test('works on a queue with any name', async () => {
    const url = await create(local.sqs, 'error')
    const waiting = bodies(local.sqs, url, { WaitTimeSeconds: 20 })
    await sendText(local.sqs, url, 'x')
    expect(await waiting).toEqual(['x'])
  })

  test('fails if the queue is deleted', async () => {
    const waiting = receive(local.sqs, queue, { WaitTimeSeconds: 20 })
    const rejected = expect(waiting).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
    await local.sqs.send(new DeleteQueueCommand({ QueueUrl: queue }))
    await rejected
  })

  test('whose connection is closed gets nothing, so the message stays for the next one', async () => {
    const db = openStore(`${local.dir}/other`)
    const queues = new Queues(db, 'r', '000000000000', () => now)
    const messages = new Messages(db, queues, () => now)
    const moveTasks = new MoveTasks(db, queues, messages, () => now)
    const service = { queues, messages, moveTasks, faults: noFaults(), urlOf: () => '', now: () => now, waitScale: 1 }
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

test('a queue reports when it was created and last changed', async () => {
  pass(5_000)
  await local.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { DelaySeconds: '1' } }))
  expect(await attributesOf(local.sqs, queue)).toMatchObject({
    CreatedTimestamp: '1700000000',
    LastModifiedTimestamp: '1700000005',
  })
})

test('a message reports when it was sent and first received', async () => {
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
