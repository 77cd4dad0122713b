import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
  type ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startSqs } from '../../../cli/sqs/server.ts'
import { HAS_MOTO, startMoto } from '../../support/moto.ts'

interface Server {
  readonly url: string
  stop(): Promise<void>
}

async function startOurs(): Promise<Server> {
  const dir = await mkdtemp(path.join(tmpdir(), 'km-sqs-'))
  const server = await startSqs({ dir })
  return {
    url: server.url,
    stop: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The same checks for every SQS: what one of them does otherwise is a difference that somebody would meet on AWS. */
function conformance(start: () => Promise<Server>): void {
  let server: Server
  let sqs: SQSClient
  let made = 0
  beforeAll(async () => {
    server = await start()
    sqs = new SQSClient({ endpoint: server.url, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: 'x', secretAccessKey: 'y' } })
  }, 60_000)
  afterAll(async () => {
    sqs.destroy()
    await server.stop()
  })

  const create = async (attributes: Record<string, string> = {}): Promise<string> => {
    made += 1
    return (await sqs.send(new CreateQueueCommand({ QueueName: `queue-${made}`, Attributes: attributes }))).QueueUrl ?? ''
  }
  const attributeOf = async (QueueUrl: string, name: 'QueueArn' | 'ApproximateNumberOfMessages' | 'ApproximateNumberOfMessagesNotVisible') =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }))).Attributes?.[name]
  const send = (QueueUrl: string, MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))
  const receive = async (QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<readonly Message[]> =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'], ...more })))
      .Messages ?? []

  test('a message comes back as it was sent, once, until it is visible again', async () => {
    const queue = await create({ VisibilityTimeout: '30' })
    const { MessageId } = await send(queue, 'hello 🎉')
    const [message] = await receive(queue)
    expect(message).toMatchObject({ MessageId, Body: 'hello 🎉', Attributes: { ApproximateReceiveCount: '1' } })
    expect(await receive(queue)).toEqual([])
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 }))
    expect((await receive(queue))[0]).toMatchObject({ MessageId, Attributes: { ApproximateReceiveCount: '2' } })
  })

  test('ten in a batch, with attributes that the SDK proves', async () => {
    const queue = await create()
    const Entries = Array.from({ length: 10 }, (_, index) => ({
      Id: String(index),
      MessageBody: `m${index}`,
      MessageAttributes: {
        text: { DataType: 'String', StringValue: 'naïve' },
        bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
      },
    }))
    expect((await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }))).Successful).toHaveLength(10)
    const messages = await receive(queue)
    expect(messages.map(({ Body }) => Body).toSorted()).toEqual(Entries.map(({ MessageBody }) => MessageBody))
    expect(messages[0]?.MessageAttributes).toMatchObject({ text: { StringValue: 'naïve' } })
    const handles = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    expect((await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries: handles }))).Successful).toHaveLength(10)
    expect(await attributeOf(queue, 'ApproximateNumberOfMessages')).toBe('0')
  })

  test('a message that was handed out too often goes to the dead letters', async () => {
    const deadLetters = await create()
    const deadLetterTargetArn = await attributeOf(deadLetters, 'QueueArn')
    const queue = await create({ VisibilityTimeout: '0', RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }) })
    await send(queue, 'poison')
    let seen = 0
    for (let round = 0; round < 4; round += 1) seen += (await receive(queue)).length
    expect(seen).toBe(2)
    expect((await receive(deadLetters))[0]).toMatchObject({ Body: 'poison' })
    const { queueUrls } = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters }))
    expect(queueUrls?.map((url) => url.split('/').at(-1))).toEqual([queue.split('/').at(-1)])
  })

  test('whoever waits is woken by a message', async () => {
    const queue = await create()
    const waiting = receive(queue, { WaitTimeSeconds: 20 })
    await send(queue, 'here')
    expect((await waiting)[0]?.Body).toBe('here')
  })

  test('a delayed message is not there yet', async () => {
    const queue = await create()
    await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'late', DelaySeconds: 1 }))
    expect(await receive(queue)).toEqual([])
    expect((await receive(queue, { WaitTimeSeconds: 5 }))[0]?.Body).toBe('late')
  })

  test('a megabyte fits, one byte more does not', async () => {
    const queue = await create()
    await send(queue, 'x'.repeat(1_048_576))
    await expect(send(queue, 'x'.repeat(1_048_577))).rejects.toMatchObject({ name: 'InvalidParameterValue' })
  })

  test('a batch has at most ten entries, each with an id of its own', async () => {
    const queue = await create()
    const entries = (count: number, id: (index: number) => string) => Array.from({ length: count }, (_, index) => ({ Id: id(index), MessageBody: 'm' }))
    const batch = (Entries: { Id: string; MessageBody: string }[]) => sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }))
    await expect(batch(entries(11, String))).rejects.toMatchObject({ name: 'TooManyEntriesInBatchRequest' })
    await expect(batch(entries(2, () => 'same'))).rejects.toMatchObject({ name: 'BatchEntryIdsNotDistinct' })
  })

  test('what is not there', async () => {
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'none' }))).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
    const queue = await create()
    await expect(sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: 'nonsense' }))).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' })
  })

  test('emptied', async () => {
    const queue = await create()
    await send(queue, 'm')
    await sqs.send(new PurgeQueueCommand({ QueueUrl: queue }))
    expect(await receive(queue)).toEqual([])
  })
}

describe('our SQS', () => {
  conformance(startOurs)
})

const describeMoto = HAS_MOTO ? describe : describe.skip
describeMoto('moto', () => {
  conformance(startMoto)
})
