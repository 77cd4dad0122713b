import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  arnOf,
  attributesOf,
  bodies,
  connect,
  countsOf,
  create,
  createPair,
  localSqs,
  only,
  receive,
  sendText,
} from './local-sqs.ts'
import { HAS_MOTO, startMoto } from '../../support/moto.ts'

type Check = (sqs: SQSClient, name: string) => Promise<void>

const entries = (count: number, body = 'x') =>
  Array.from({ length: count }, (_, index) => ({ Id: `e${index}`, MessageBody: `${body}${index}` }))
const named = (name: string): unknown => expect.objectContaining({ name })

/** The same checks for every SQS, each with its own queue. Move tasks are in move-tasks.test.ts, because moto 5.2 has none. */
// prettier-ignore
const CHECKS: readonly [promise: string, check: Check][] = [
  ['a queue can be created again with the same attributes', async (sqs, name) => {
    const url = await create(sqs, name, { VisibilityTimeout: '7' })
    expect(await create(sqs, name, { VisibilityTimeout: '7' })).toBe(url)
    expect(await create(sqs, name)).toBe(url)
  }],
  ['a queue cannot be created again with other attributes', async (sqs, name) => {
    await create(sqs, name, { VisibilityTimeout: '7' })
    await expect(create(sqs, name, { VisibilityTimeout: '8' })).rejects.toEqual(named('QueueNameExists'))
  }],
  ['a queue is found by its name', async (sqs, name) => {
    const url = await create(sqs, name)
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl).toBe(url)
    expect(new URL(url).pathname).toMatch(new RegExp(`^/[0-9]{12}/${name}$`))
  }],
  ['a missing queue is reported as missing', async (sqs, name) => {
    const url = await create(sqs, name)
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }))
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: name }))).rejects.toEqual(named('QueueDoesNotExist'))
    await expect(sendText(sqs, url, 'x')).rejects.toEqual(named('QueueDoesNotExist'))
    await expect(receive(sqs, url)).rejects.toEqual(named('QueueDoesNotExist'))
  }],
  ['queues are listed by a prefix of their names', async (sqs, name) => {
    const urls = [await create(sqs, `${name}-a`), await create(sqs, `${name}-b`)]
    expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${name}-` }))).QueueUrls?.toSorted()).toEqual(urls)
  }],
  ['attributes have their defaults, or the values that were set', async (sqs, name) => {
    const url = await create(sqs, name, { DelaySeconds: '3' })
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: '99', MessageRetentionPeriod: '600' } }))
    expect(await attributesOf(sqs, url)).toMatchObject({
      DelaySeconds: '3', VisibilityTimeout: '99', MessageRetentionPeriod: '600', MaximumMessageSize: '1048576', ReceiveMessageWaitTimeSeconds: '0',
      SqsManagedSseEnabled: 'true', QueueArn: expect.stringMatching(new RegExp(`^arn:aws:sqs:us-east-1:[0-9]{12}:${name}$`)),
      CreatedTimestamp: expect.stringMatching(/^\d{10}/),
    })
    expect(await attributesOf(sqs, url, ['VisibilityTimeout'])).toEqual({ VisibilityTimeout: '99' })
  }],
  ['an unknown attribute is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    await expect(attributesOf(sqs, url, ['Colour'])).rejects.toEqual(named('InvalidAttributeName'))
    await expect(create(sqs, `${name}-b`, { MaximumMessageSize: '1023' })).rejects.toEqual(named('InvalidAttributeValue'))
  }],
  ['a name with invalid characters is rejected', async (sqs, name) => {
    await expect(sqs.send(new CreateQueueCommand({ QueueName: `${name} é` }))).rejects.toThrow('Can only include alphanumeric characters, hyphens, or underscores')
  }],
  ['a redrive policy to a missing queue is rejected', async (sqs, name) => {
    const policy = { deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${name}-none`, maxReceiveCount: 2 }
    await expect(create(sqs, name, { RedrivePolicy: JSON.stringify(policy) })).rejects.toThrow()
  }],

  ['a message arrives as it was sent', async (sqs, name) => {
    const url = await create(sqs, name)
    const body = 'line 1\nline 2\ttab\r\n"quoted" é 漢 😀 \u{10FFFF}'
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }))
    const message = await only(receive(sqs, url))
    expect(message).toMatchObject({ Body: body, MessageId: sent.MessageId, MD5OfBody: sent.MD5OfMessageBody })
    expect(message.MessageAttributes).toBeUndefined()
  }],
  ['message attributes arrive with the digest that AWS documents', async (sqs, name) => {
    const url = await create(sqs, name)
    const MessageAttributes = {
      reason: { DataType: 'String', StringValue: 'not_json' },
      line: { DataType: 'Number', StringValue: '17' },
      raw: { DataType: 'Binary', BinaryValue: Uint8Array.from([0, 255, 128]) },
    }
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x', MessageAttributes }))
    expect(sent.MD5OfMessageAttributes).toBe('6b6b0f298edfe7c6a58c9c9f3c81de85')
    const message = await only(receive(sqs, url, { MessageAttributeNames: ['All'] }))
    expect(message.MessageAttributes).toMatchObject(MessageAttributes)
  }],
  ['only the requested attributes arrive', async (sqs, name) => {
    const url = await create(sqs, name)
    const MessageAttributes = Object.fromEntries(['km.a', 'km.b', 'other'].map((key) => [key, { DataType: 'String', StringValue: key }]))
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x', MessageAttributes }))
    const asked = async (names: string[]): Promise<string[]> => {
      const message = await only(receive(sqs, url, { MessageAttributeNames: names, VisibilityTimeout: 0 }))
      return Object.keys(message.MessageAttributes ?? {}).toSorted()
    }
    expect(await asked(['other'])).toEqual(['other'])
    expect(await asked(['km.*'])).toEqual(['km.a', 'km.b'])
    expect(await asked(['.*'])).toEqual(['km.a', 'km.b', 'other'])
  }],
  ['system attributes contain the time of sending and the number of deliveries', async (sqs, name) => {
    const url = await create(sqs, name)
    await sendText(sqs, url, 'x')
    const first = await only(receive(sqs, url, { VisibilityTimeout: 0 }))
    const second = await only(receive(sqs, url))
    expect(first.Attributes).toEqual({
      SenderId: expect.any(String), SentTimestamp: expect.stringMatching(/^\d{13}$/),
      ApproximateReceiveCount: '1', ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
    })
    expect(second.Attributes).toEqual({ ...first.Attributes, ApproximateReceiveCount: '2' })
    expect(second.ReceiptHandle).not.toBe(first.ReceiptHandle)
  }],
  ['ten messages are sent in one request, and received in one', async (sqs, name) => {
    const url = await create(sqs, name)
    const { Successful, Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries(10) }))
    expect([Successful?.map(({ Id }) => Id), Failed]).toEqual([entries(10).map(({ Id }) => Id), []])
    expect(await countsOf(sqs, url)).toEqual([10, 0, 0])
    const messages = await receive(sqs, url)
    expect(messages.map(({ Body }) => Body).toSorted()).toEqual(entries(10).map(({ MessageBody }) => MessageBody))
    expect(await countsOf(sqs, url)).toEqual([0, 10, 0])
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `d${index}`, ReceiptHandle }))
    expect((await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))).Successful).toHaveLength(10)
    expect(await countsOf(sqs, url)).toEqual([0, 0, 0])
  }],
  ['an invalid entry does not affect the others', async (sqs, name) => {
    const url = await create(sqs, name)
    await sendText(sqs, url, 'x')
    const { ReceiptHandle } = await only(receive(sqs, url))
    const Entries = [{ Id: 'good', ReceiptHandle }, { Id: 'bad', ReceiptHandle: 'bm9uZQ==' }]
    const { Successful, Failed } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
    expect(Successful).toEqual([{ Id: 'good' }])
    expect(Failed).toEqual([{ Id: 'bad', SenderFault: true, Code: 'ReceiptHandleIsInvalid', Message: expect.stringContaining('is not a valid receipt handle') }])
  }],
  ['an empty batch is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [] }))).rejects.toEqual(named('EmptyBatchRequest'))
  }],
  ['a batch of eleven is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries(11) }))).rejects.toEqual(named('TooManyEntriesInBatchRequest'))
  }],
  ['a batch with a repeated id is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    const Entries = [...entries(2), ...entries(1)]
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))).rejects.toEqual(named('BatchEntryIdsNotDistinct'))
  }],
  ['a batch with an invalid id is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    const Entries = [{ Id: 'a b', MessageBody: 'x' }]
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))).rejects.toEqual(named('InvalidBatchEntryId'))
  }],
  ['a batch over 1 MiB is rejected, even if each message is shorter', async (sqs, name) => {
    const url = await create(sqs, name)
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries(2, 'x'.repeat(600_000)) }))).rejects.toEqual(named('BatchRequestTooLong'))
    expect(await countsOf(sqs, url)).toEqual([0, 0, 0])
  }],
  ['a message of 1 MiB is accepted, and one byte more is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    await sendText(sqs, url, 'x'.repeat(1_048_576))
    await expect(sendText(sqs, url, 'x'.repeat(1_048_577))).rejects.toThrow('Message must be shorter than 1048576 bytes')
    expect((await only(receive(sqs, url))).Body).toHaveLength(1_048_576)
  }],
  ['a request for 0 or more than 10 messages is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    await expect(receive(sqs, url, { MaxNumberOfMessages: 0 })).rejects.toEqual(named('InvalidParameterValue'))
    await expect(receive(sqs, url, { MaxNumberOfMessages: 11 })).rejects.toEqual(named('InvalidParameterValue'))
  }],

  ['a message in flight is not delivered again', async (sqs, name) => {
    const url = await create(sqs, name)
    await sendText(sqs, url, 'x')
    await only(receive(sqs, url))
    expect(await receive(sqs, url)).toEqual([])
  }],
  ['a released message is delivered immediately', async (sqs, name) => {
    const url = await create(sqs, name)
    await sendText(sqs, url, 'x')
    const { ReceiptHandle } = await only(receive(sqs, url))
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }))
    expect(await bodies(sqs, url)).toEqual(['x'])
  }],
  ['several messages are released in one request', async (sqs, name) => {
    const url = await create(sqs, name)
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries(3) }))
    const Entries = (await receive(sqs, url)).map(({ ReceiptHandle }, index) => ({ Id: `v${index}`, ReceiptHandle, VisibilityTimeout: 0 }))
    expect((await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }))).Successful).toHaveLength(3)
    expect(await receive(sqs, url)).toHaveLength(3)
  }],
  ['an invalid receipt handle is rejected', async (sqs, name) => {
    const url = await create(sqs, name)
    const input = { QueueUrl: url, ReceiptHandle: 'bm9uZQ==' }
    await expect(sqs.send(new DeleteMessageCommand(input))).rejects.toEqual(named('ReceiptHandleIsInvalid'))
    await expect(sqs.send(new ChangeMessageVisibilityCommand({ ...input, VisibilityTimeout: 1 }))).rejects.toEqual(named('ReceiptHandleIsInvalid'))
  }],
  ['deleting twice succeeds', async (sqs, name) => {
    const url = await create(sqs, name)
    await sendText(sqs, url, 'x')
    const { ReceiptHandle } = await only(receive(sqs, url))
    for (let times = 0; times < 2; times += 1) await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }))
    expect(await countsOf(sqs, url)).toEqual([0, 0, 0])
  }],
  ['a delayed message is not delivered yet', async (sqs, name) => {
    const url = await create(sqs, name)
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x', DelaySeconds: 900 }))
    expect(await receive(sqs, url)).toEqual([])
    expect(await countsOf(sqs, url)).toEqual([0, 0, 1])
    await expect(sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x', DelaySeconds: 901 }))).rejects.toEqual(named('InvalidParameterValue'))
  }],
  ['a waiting receive request gets the next message', async (sqs, name) => {
    const url = await create(sqs, name)
    const waiting = bodies(sqs, url, { WaitTimeSeconds: 20 })
    await sendText(sqs, url, 'x')
    expect(await waiting).toEqual(['x'])
  }],
  ['a receive request without a message ends empty', async (sqs, name) => {
    expect(await receive(sqs, await create(sqs, name), { WaitTimeSeconds: 1 })).toEqual([])
  }],
  ['a purge empties the queue', async (sqs, name) => {
    const url = await create(sqs, name)
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries(3) }))
    await receive(sqs, url, { MaxNumberOfMessages: 1 })
    await sqs.send(new PurgeQueueCommand({ QueueUrl: url }))
    expect(await countsOf(sqs, url)).toEqual([0, 0, 0])
  }],

  ['a message with too many deliveries goes to the dead-letter queue, and keeps its age', async (sqs, name) => {
    const { queue, deadLetters } = await createPair(sqs, name, 2)
    const id = await sendText(sqs, queue, 'x')
    const first = await only(receive(sqs, queue, { VisibilityTimeout: 0 }))
    expect(await receive(sqs, deadLetters)).toEqual([])
    expect(await receive(sqs, queue, { VisibilityTimeout: 0 })).toHaveLength(1)
    expect(await receive(sqs, queue)).toEqual([])
    const dead = await only(receive(sqs, deadLetters))
    expect(dead).toMatchObject({ Body: 'x', MessageId: id })
    expect(dead.Attributes).toMatchObject({ SentTimestamp: first.Attributes?.SentTimestamp, ApproximateReceiveCount: '3' })
  }],
  ['a dead-letter queue lists its source queues', async (sqs, name) => {
    const { queue, deadLetters } = await createPair(sqs, name, 2)
    const { queueUrls } = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters }))
    expect(queueUrls).toEqual([queue])
    expect(JSON.parse((await attributesOf(sqs, queue)).RedrivePolicy!)).toEqual({ deadLetterTargetArn: await arnOf(sqs, deadLetters), maxReceiveCount: 2 })
  }],
]

describe('the SQS emulator', () => {
  let local: Awaited<ReturnType<typeof localSqs>>
  beforeAll(async () => {
    local = await localSqs()
  })
  afterAll(async () => {
    await local[Symbol.asyncDispose]()
  })

  test.each(CHECKS.map(([promise, check], index) => [promise, check, `q${index}`] as const))('%s', (_promise, check, name) =>
    check(local.sqs, name),
  )
})

const describeMoto = HAS_MOTO ? describe : describe.skip
describeMoto('moto, an SQS of others', () => {
  let other: Awaited<ReturnType<typeof startMoto>>
  let sqs: SQSClient
  beforeAll(async () => {
    other = await startMoto()
    sqs = await connect(other.url)
  })
  afterAll(async () => {
    sqs.destroy()
    await other.stop()
  })

  test.each(CHECKS.map(([promise, check], index) => [promise, check, `q${index}`] as const))('%s', (_promise, check, name) =>
    check(sqs, name),
  )
})
