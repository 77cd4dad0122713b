import * as v from 'valibot'
import { invalidParameter, missingParameter, SqsError } from './errors.ts'
import type { SqsFaults } from './faults.ts'
import { checkBatch, checkMessage, MAX_MESSAGE_BYTES, messageBytes } from './limits.ts'
import { md5Of, md5OfAttributes, type MessageAttributes } from './md5.ts'
import type { Messages, Received } from './messages.ts'
import type { MoveTasks } from './move-tasks.ts'
import { secondsOf, type Queue, type Queues } from './queues.ts'
import type { Waiters } from './waiters.ts'

/** All that an operation may use. */
export interface Service {
  readonly queues: Queues
  readonly messages: Messages
  readonly moveTasks: MoveTasks
  readonly waiters: Waiters
  readonly faults: SqsFaults
  readonly urlOf: (queue: Queue) => string
  /** A queue may have something to hand out. */
  readonly wake: (queue: Queue) => void
}

const Text = v.optional(v.string())
const Whole = v.optional(v.pipe(v.number(), v.integer()))
const Attribute = v.object({ DataType: v.string(), StringValue: Text, BinaryValue: Text })
const AttributesMap = v.optional(v.record(v.string(), Attribute))
const Entry = v.object({
  Id: v.string(),
  MessageBody: Text,
  MessageAttributes: AttributesMap,
  DelaySeconds: Whole,
  ReceiptHandle: Text,
  VisibilityTimeout: Whole,
})

/** Every parameter that any operation takes; what SQS has beside these is not done here, and refused. */
const Input = v.strictObject({
  QueueName: Text,
  QueueNamePrefix: Text,
  QueueUrl: Text,
  Attributes: v.optional(v.record(v.string(), v.string())),
  AttributeNames: v.optional(v.array(v.string())),
  MessageSystemAttributeNames: v.optional(v.array(v.string())),
  MessageAttributeNames: v.optional(v.array(v.string())),
  MessageBody: Text,
  MessageAttributes: AttributesMap,
  DelaySeconds: Whole,
  Entries: v.optional(v.array(Entry)),
  MaxNumberOfMessages: Whole,
  VisibilityTimeout: Whole,
  WaitTimeSeconds: Whole,
  ReceiptHandle: Text,
  SourceArn: Text,
  DestinationArn: Text,
  MaxNumberOfMessagesPerSecond: Whole,
  MaxResults: Whole,
  TaskHandle: Text,
  tags: v.optional(v.record(v.string(), v.string())),
  QueueOwnerAWSAccountId: Text,
})

type Input = v.InferOutput<typeof Input>
type Entry = v.InferOutput<typeof Entry>
type Operation = (service: Service, input: Input, signal: AbortSignal) => unknown

/** @throws SqsError where a parameter is not known here, or of another type */
export function readInput(value: unknown): Input {
  const parsed = v.safeParse(Input, value)
  if (parsed.success) return parsed.output
  const [{ path, message }] = parsed.issues
  throw new SqsError('com.amazon.coral.service#SerializationException', `${path?.map(({ key }) => String(key)).join('.') ?? 'request'}: ${message}`)
}

/** Each operation under its name on the wire. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateQueue: ({ queues, urlOf }, { QueueName, Attributes }) => ({ QueueUrl: urlOf(queues.create(QueueName, Attributes)) }),
  DeleteQueue: ({ queues }, { QueueUrl }) => {
    queues.delete(queues.byUrl(QueueUrl))
    return {}
  },
  GetQueueUrl: ({ queues, urlOf }, { QueueName }) => ({ QueueUrl: urlOf(queues.byName(QueueName ?? '')) }),
  ListQueues: ({ queues, urlOf }, { QueueNamePrefix }) => ({ QueueUrls: queues.list(QueueNamePrefix).map(urlOf) }),
  GetQueueAttributes: getAttributes,
  SetQueueAttributes: ({ queues }, { QueueUrl, Attributes = {} }) => {
    queues.set(queues.byUrl(QueueUrl), Attributes)
    return {}
  },
  PurgeQueue: ({ queues, messages }, { QueueUrl }) => {
    messages.purge(queues.byUrl(QueueUrl))
    return {}
  },
  SendMessage: (service, input) => send(service, service.queues.byUrl(input.QueueUrl), input),
  SendMessageBatch: sendBatch,
  ReceiveMessage: receive,
  DeleteMessage: ({ queues, messages }, { QueueUrl, ReceiptHandle }) => {
    messages.delete(queues.byUrl(QueueUrl), ReceiptHandle)
    return {}
  },
  DeleteMessageBatch: ({ queues, messages }, { QueueUrl, Entries }) => {
    const queue = queues.byUrl(QueueUrl)
    return eachEntry(Entries, ({ ReceiptHandle }) => {
      messages.delete(queue, ReceiptHandle)
      return {}
    })
  },
  ChangeMessageVisibility: (service, input) => {
    changeVisibility(service, service.queues.byUrl(input.QueueUrl), input)
    return {}
  },
  ChangeMessageVisibilityBatch: (service, { QueueUrl, Entries }) => {
    const queue = service.queues.byUrl(QueueUrl)
    return eachEntry(Entries, (entry) => {
      changeVisibility(service, queue, entry)
      return {}
    })
  },
  ListDeadLetterSourceQueues: ({ queues, urlOf }, { QueueUrl }) => ({ queueUrls: queues.sourcesOf(queues.byUrl(QueueUrl)).map(urlOf) }),
  StartMessageMoveTask: ({ moveTasks }, { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond }) => ({
    TaskHandle: moveTasks.start(SourceArn ?? '', DestinationArn, MaxNumberOfMessagesPerSecond),
  }),
  ListMessageMoveTasks: ({ moveTasks }, { SourceArn, MaxResults }) => ({ Results: moveTasks.list(SourceArn ?? '', MaxResults) }),
  CancelMessageMoveTask: ({ moveTasks }, { TaskHandle }) => ({ ApproximateNumberOfMessagesMoved: moveTasks.cancel(TaskHandle) }),
}

function getAttributes({ queues, messages }: Service, { QueueUrl, AttributeNames = [] }: Input): unknown {
  const queue = queues.byUrl(QueueUrl)
  const { visible, inFlight, delayed } = messages.count(queue)
  const seconds = String(Math.floor(queue.createdAt / 1000))
  const all: Record<string, string> = {
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: seconds,
    LastModifiedTimestamp: seconds,
  }
  return { Attributes: AttributeNames.includes('All') ? all : pick(all, AttributeNames) }
}

function send(service: Service, queue: Queue, input: Pick<Entry, 'MessageBody' | 'DelaySeconds' | 'MessageAttributes'>): Record<string, string> {
  const { MessageBody, DelaySeconds } = input
  const attributes = input.MessageAttributes as MessageAttributes | undefined
  checkMessage(MessageBody, attributes, Number(queue.attributes.MaximumMessageSize))
  if (DelaySeconds !== undefined && (DelaySeconds < 0 || DelaySeconds > 900)) {
    throw invalidParameter(`Value ${DelaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`)
  }
  const id = service.messages.send(queue, MessageBody, attributes, DelaySeconds)
  service.wake(queue)
  const attributesMd5 = md5OfAttributes(attributes)
  return { MessageId: id, MD5OfMessageBody: md5Of(MessageBody), ...(attributesMd5 !== undefined && { MD5OfMessageAttributes: attributesMd5 }) }
}

function sendBatch(service: Service, { QueueUrl, Entries }: Input): unknown {
  const queue = service.queues.byUrl(QueueUrl)
  const bytes = (Entries ?? []).reduce(
    (sum, { MessageBody = '', MessageAttributes }) => sum + messageBytes(MessageBody, MessageAttributes as MessageAttributes | undefined),
    0,
  )
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new SqsError(
      'com.amazonaws.sqs#BatchRequestTooLong',
      `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${bytes} bytes.`,
      'AWS.SimpleQueueService.BatchRequestTooLong',
    )
  }
  return eachEntry(Entries, (entry) => {
    if (service.faults.failSends > 0) {
      service.faults.failSends -= 1
      throw new SqsError('InternalError', 'We encountered an internal error. Please try again.', 'InternalError', 500)
    }
    return send(service, queue, entry)
  })
}

async function receive({ queues, messages, waiters, faults }: Service, input: Input, signal: AbortSignal): Promise<unknown> {
  const queue = queues.byUrl(input.QueueUrl)
  const max = input.MaxNumberOfMessages ?? 1
  if (max < 1 || max > 10) {
    throw invalidParameter(`Value ${max} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`)
  }
  const wait = input.WaitTimeSeconds ?? secondsOf(queue, 'ReceiveMessageWaitTimeSeconds')
  if (wait < 0 || wait > 20) throw invalidParameter(`Value ${wait} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.`)
  let visibility = input.VisibilityTimeout ?? secondsOf(queue, 'VisibilityTimeout')
  if (faults.deliverTwice > 0) {
    faults.deliverTwice -= 1
    visibility = 0
  }
  const received = await waiters.until(queue, wait * 1000, signal, () => {
    const batch = messages.receive(queue, max, visibility)
    return batch.length > 0 ? batch : undefined
  })
  return received === undefined ? {} : { Messages: received.map((message) => toWire(message, input)) }
}

function toWire(message: Received, { AttributeNames = [], MessageSystemAttributeNames = [], MessageAttributeNames = [] }: Input): unknown {
  const system: Record<string, string> = {
    SenderId: 'LOCAL',
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ...(message.sourceArn !== undefined && { DeadLetterQueueSourceArn: message.sourceArn }),
  }
  const wanted = [...AttributeNames, ...MessageSystemAttributeNames]
  const attributes = wanted.includes('All') ? system : pick(system, wanted)
  const own = Object.fromEntries(Object.entries(message.attributes ?? {}).filter(([name]) => MessageAttributeNames.some((pattern) => matches(pattern, name))))
  const md5 = md5OfAttributes(own)
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: md5Of(message.body),
    Body: message.body,
    ...(Object.keys(attributes).length > 0 && { Attributes: attributes }),
    ...(md5 !== undefined && { MessageAttributes: own, MD5OfMessageAttributes: md5 }),
  }
}

function matches(pattern: string, name: string): boolean {
  return pattern === 'All' || pattern === '.*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -2)))
}

function changeVisibility({ messages, wake }: Service, queue: Queue, { ReceiptHandle, VisibilityTimeout }: Pick<Entry, 'ReceiptHandle' | 'VisibilityTimeout'>): void {
  if (VisibilityTimeout === undefined) throw missingParameter('VisibilityTimeout')
  if (VisibilityTimeout < 0 || VisibilityTimeout > 43_200) throw invalidParameter(`Value ${VisibilityTimeout} for parameter VisibilityTimeout is invalid.`)
  messages.changeVisibility(queue, ReceiptHandle, VisibilityTimeout)
  wake(queue)
}

/** Entries stand or fall alone: those that failed are told in the answer, which is a 200. */
function eachEntry(entries: readonly Entry[] | undefined, work: (entry: Entry) => Record<string, string>): unknown {
  checkBatch(entries)
  const Successful: Record<string, string>[] = []
  const Failed: Record<string, unknown>[] = []
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...work(entry) })
    } catch (error) {
      if (!(error instanceof SqsError)) throw error
      Failed.push({ Id: entry.Id, SenderFault: error.status < 500, Code: error.queryCode, Message: error.message })
    }
  }
  return { Successful, ...(Failed.length > 0 && { Failed }) }
}

function pick(all: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
}
