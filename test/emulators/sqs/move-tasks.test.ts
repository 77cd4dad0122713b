import {
  CancelMessageMoveTaskCommand,
  DeleteQueueCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
  type ListMessageMoveTasksResultEntry,
  type StartMessageMoveTaskCommandInput,
} from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { bodies, countsOf, create, createPair, localSqs, only, receive, sendText, type LocalSqs } from './local-sqs.ts'

/** A clock that only moves when the test moves it: a task moves one message, and then those that are due. */
let now: number
let local: LocalSqs
beforeEach(async () => {
  now = 1_700_000_000_000
  local = await localSqs({ now: () => now })
  await createPair(local.sqs, 'a', 1)
})
afterEach(async () => {
  await local[Symbol.asyncDispose]()
})

const url = (name: string): string => local.server.queueUrl(name)
const arn = (name: string): string => local.server.queueArn(name)

function pass(ms: number): void {
  now += ms
  local.server.clockMoved()
}

/** Sends messages and receives them too often. */
async function bury(name: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) await sendText(local.sqs, url(name), text)
  expect(await receive(local.sqs, url(name), { VisibilityTimeout: 0 })).toHaveLength(texts.length)
  expect(await receive(local.sqs, url(name))).toEqual([])
}

async function start(more: Partial<StartMessageMoveTaskCommandInput> = {}): Promise<string> {
  const { TaskHandle = '' } = await local.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn('a-dead'), ...more }))
  return TaskHandle
}

async function tasks(MaxResults = 1): Promise<readonly ListMessageMoveTasksResultEntry[]> {
  const { Results = [] } = await local.sqs.send(new ListMessageMoveTasksCommand({ SourceArn: arn('a-dead'), MaxResults }))
  return Results
}

const task = async (): Promise<unknown> => (await tasks())[0]

test('without a destination each message returns to its source queue, like a new message', async () => {
  const policy = JSON.stringify({ deadLetterTargetArn: arn('a-dead'), maxReceiveCount: 1 })
  await create(local.sqs, 'b', { RedrivePolicy: policy })
  const id = await sendText(local.sqs, url('a'), 'from a')
  await receive(local.sqs, url('a'), { VisibilityTimeout: 0 })
  await receive(local.sqs, url('a'))
  await bury('b', ['from b'])
  await start()
  pass(1_000)
  expect(await task()).toEqual({
    Status: 'COMPLETED',
    SourceArn: arn('a-dead'),
    ApproximateNumberOfMessagesMoved: 2,
    ApproximateNumberOfMessagesToMove: 2,
    StartedTimestamp: 1_700_000_000_000,
  })
  const message = await only(receive(local.sqs, url('a')))
  expect(message.Body).toBe('from a')
  expect(message.MessageId).not.toBe(id)
  expect(Object.keys(message.Attributes ?? {})).not.toContain('DeadLetterQueueSourceArn')
  expect(message.Attributes).toMatchObject({ ApproximateReceiveCount: '1' })
  expect(Number(message.Attributes?.SentTimestamp)).toBeGreaterThanOrEqual(1_700_000_000_000)
  expect(await bodies(local.sqs, url('b'))).toEqual(['from b'])
  expect(await countsOf(local.sqs, url('a-dead'))).toEqual([0, 0, 0])
})

test('with a destination all messages go there, even those that a program sent', async () => {
  await create(local.sqs, 'c')
  await sendText(local.sqs, url('a-dead'), 'sent')
  await bury('a', ['buried'])
  await start({ DestinationArn: arn('c'), MaxNumberOfMessagesPerSecond: 500 })
  pass(1_000)
  expect(await task()).toMatchObject({ Status: 'COMPLETED', DestinationArn: arn('c'), MaxNumberOfMessagesPerSecond: 500 })
  expect(await bodies(local.sqs, url('c'))).toEqual(['sent', 'buried'])
})

test('a message that a program sent has no source queue: the task fails, and the message stays', async () => {
  await bury('a', ['buried'])
  await sendText(local.sqs, url('a-dead'), 'sent')
  await start()
  pass(1_000)
  expect(await task()).toMatchObject({
    Status: 'FAILED',
    FailureReason: 'CouldNotDetermineMessageSource',
    ApproximateNumberOfMessagesMoved: 1,
    ApproximateNumberOfMessagesToMove: 2,
  })
  expect(await bodies(local.sqs, url('a-dead'))).toEqual(['sent'])
})

test.each([
  ['from which they came', undefined, 'a'],
  ['to which they go', 'c', 'c'],
])('a queue %s may be gone meanwhile', async (_what, destination, gone) => {
  await create(local.sqs, 'b', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn('a-dead'), maxReceiveCount: 1 }) })
  await create(local.sqs, 'c')
  await bury('a', ['1', '2', '3'])
  await start({ MaxNumberOfMessagesPerSecond: 1, ...(destination !== undefined && { DestinationArn: arn(destination) }) })
  await local.sqs.send(new DeleteQueueCommand({ QueueUrl: url(gone) }))
  pass(3_000)
  pass(3_000)
  expect(await task()).toMatchObject({ Status: 'FAILED', FailureReason: 'AWS.SimpleQueueService.NonExistentQueue' })
})

test('a task keeps its rate, and wakes requests that wait on the destination', async () => {
  await bury('a', ['1', '2', '3', '4', '5'])
  const handle = await start({ MaxNumberOfMessagesPerSecond: 2 })
  local.server.clockMoved()
  expect(await task()).toMatchObject({ TaskHandle: handle, Status: 'RUNNING', ApproximateNumberOfMessagesMoved: 1 })
  expect(await bodies(local.sqs, url('a'))).toEqual(['1'])
  const waiting = bodies(local.sqs, url('a'), { WaitTimeSeconds: 20 })
  await countsOf(local.sqs, url('a')) // by whose answer the receive waits, being sent before
  pass(499)
  expect(await task()).toMatchObject({ ApproximateNumberOfMessagesMoved: 1 })
  pass(1)
  expect(await waiting).toEqual(['2'])
  pass(1_000)
  expect(await task()).toMatchObject({ ApproximateNumberOfMessagesMoved: 4 })
})

test('after a sleep of the computer, at most the messages of one second move at once', async () => {
  await bury('a', ['1', '2', '3', '4', '5'])
  await start({ MaxNumberOfMessagesPerSecond: 2 })
  local.server.clockMoved()
  pass(3_600_000)
  expect(await task()).toMatchObject({ ApproximateNumberOfMessagesMoved: 3 })
})

test('a message that arrives later stays for the next task', async () => {
  await bury('a', ['1', '2'])
  await start({ MaxNumberOfMessagesPerSecond: 1 })
  local.server.clockMoved()
  now += 1
  await sendText(local.sqs, url('a-dead'), 'later')
  pass(10_000)
  pass(10_000)
  pass(10_000)
  expect(await task()).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 2 })
  expect(await bodies(local.sqs, url('a-dead'))).toEqual(['later'])
})

test('a cancelled task moves no more messages', async () => {
  await bury('a', ['1', '2', '3'])
  const TaskHandle = await start({ MaxNumberOfMessagesPerSecond: 1 })
  local.server.clockMoved()
  const cancelled = await local.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }))
  expect(cancelled.ApproximateNumberOfMessagesMoved).toBe(1)
  pass(10_000)
  expect(await task()).toMatchObject({ Status: 'CANCELLED', ApproximateNumberOfMessagesMoved: 1 })
  expect(await task()).not.toHaveProperty('TaskHandle')
  await expect(local.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }))).rejects.toMatchObject({
    name: 'UnsupportedOperation',
  })
})

test('a restart neither ends a task nor counts a message twice', async () => {
  await bury('a', ['1', '2', '3'])
  const TaskHandle = await start({ MaxNumberOfMessagesPerSecond: 1 })
  local.server.clockMoved()
  local = await local.restart()
  expect(await task()).toMatchObject({ TaskHandle, Status: 'RUNNING' })
  pass(1_000)
  pass(1_000)
  pass(1_000)
  expect(await task()).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 3 })
  expect(await countsOf(local.sqs, url('a'))).toEqual([3, 0, 0])
})

test('after a restart a task continues at its rate', async () => {
  await bury('a', ['1', '2', '3', '4', '5', '6'])
  await start({ MaxNumberOfMessagesPerSecond: 2 })
  local.server.clockMoved()
  pass(1_000)
  expect(await task()).toMatchObject({ ApproximateNumberOfMessagesMoved: 3 })
  local = await local.restart()
  local.server.clockMoved()
  pass(500)
  expect(await task()).toMatchObject({ ApproximateNumberOfMessagesMoved: 5 })
})

test('tasks are listed, newest first', async () => {
  for (const text of ['1', '2', '3']) {
    await sendText(local.sqs, url('a-dead'), text)
    await start({ DestinationArn: arn('a') })
    pass(1_000)
  }
  expect(await tasks()).toHaveLength(1)
  expect((await tasks(10)).map(({ StartedTimestamp }) => StartedTimestamp)).toEqual([
    1_700_000_002_000, 1_700_000_001_000, 1_700_000_000_000,
  ])
})

describe('a task is rejected', () => {
  // prettier-ignore
  test.each<[string, () => Partial<StartMessageMoveTaskCommandInput>, name: string, message: string]>([
    //  what                             started with                                        name                          message
    ['from a missing queue',                    () => ({ SourceArn: arn('none') }),                 'ResourceNotFoundException',  "The resource that you specified for the SourceArn parameter doesn't exist."],
    ['to a missing queue',                      () => ({ DestinationArn: arn('none') }),            'ResourceNotFoundException',  "The resource that you specified for the DestinationArn parameter doesn't exist."],
    ['from a queue that is not a dead-letter queue', () => ({ SourceArn: arn('a') }),                   'InvalidParameterValue',      'Source queue must be configured as a Dead Letter Queue.'],
    ['to its source',           () => ({ DestinationArn: arn('a-dead') }),          'InvalidParameterValue',      'Source queue and destination queue must be different.'],
    ['with a rate of 0',                   () => ({ MaxNumberOfMessagesPerSecond: 0 }),        'InvalidParameterValue',      'Value 0 for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500, if provided.'],
    ['faster than AWS',                  () => ({ MaxNumberOfMessagesPerSecond: 501 }),      'InvalidParameterValue',      'Value 501 for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500, if provided.'],
  ])('%s', async (_what, more, name, message) => {
    await expect(start(more())).rejects.toMatchObject({ name, message })
  })

  test('while another one runs', async () => {
    await bury('a', ['1', '2'])
    await start({ MaxNumberOfMessagesPerSecond: 1 })
    await expect(start()).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: 'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
    })
  })

  test('and a missing task cannot be cancelled', async () => {
    await expect(local.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle: 'bm9uZQ==' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })
})
