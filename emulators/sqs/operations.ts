import * as v from 'valibot'
import { MessageAttributes } from './content.ts'
import { missingParameter, noSuchQueue, outOfBounds, unreadable, unsupported } from './errors.ts'
import {
  changeVisibility,
  changeVisibilityBatch,
  receive,
  remove,
  removeBatch,
  send,
  sendBatch,
  type SqsFaults,
} from './message-operations.ts'
import type { Messages } from './messages.ts'
import type { MoveTasks } from './move-tasks.ts'
import { checkAttributeNames } from './queue-attributes.ts'
import { pageOf, type Queue, type Queues } from './queues.ts'

/** All that an operation may use. */
export interface Service {
  readonly queues: Queues
  readonly messages: Messages
  readonly moveTasks: MoveTasks
  readonly faults: SqsFaults
  readonly urlOf: (queue: Queue) => string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const Text = v.optional(v.string())
const Texts = v.optional(v.array(v.string()))
const Whole = v.optional(v.pipe(v.number(), v.integer()))
const Entry = v.strictObject({
  Id: v.string(),
  MessageBody: Text,
  MessageAttributes: v.optional(MessageAttributes),
  DelaySeconds: Whole,
  ReceiptHandle: Text,
  VisibilityTimeout: Whole,
})

/** Every parameter that any operation takes; what SQS has beside these is not done here, and refused. */
const Input = v.strictObject({
  QueueName: Text,
  QueueNamePrefix: Text,
  QueueOwnerAWSAccountId: Text,
  QueueUrl: Text,
  Attributes: v.optional(v.record(v.string(), v.string())),
  AttributeNames: Texts,
  MessageSystemAttributeNames: Texts,
  MessageAttributeNames: Texts,
  MessageBody: Text,
  MessageAttributes: v.optional(MessageAttributes),
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
  NextToken: Text,
  TaskHandle: Text,
})

export type Input = v.InferOutput<typeof Input>
export type Entry = v.InferOutput<typeof Entry>
type Operation = (service: Service, input: Input, signal: AbortSignal) => unknown

/** @throws SqsError where a parameter is not known here, or of another type */
export function readInput(value: unknown): Input {
  if (Array.isArray(value)) throw unreadable('The request: a list, where an object of parameters is expected.') // which valibot lets pass
  const parsed = v.safeParse(Input, value)
  if (parsed.success) return parsed.output
  const [{ type, path = [], message }] = parsed.issues
  const where = path.map(({ key }) => String(key)).join('.')
  throw type === 'strict_object' && where !== ''
    ? unsupported(`The parameter ${where}`)
    : unreadable(`${where || 'The request'}: ${message}`)
}

/** Each operation under its name on the wire. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateQueue: ({ queues, urlOf }, { QueueName, Attributes }) => ({ QueueUrl: urlOf(queues.create(QueueName, Attributes)) }),
  DeleteQueue: deleteQueue,
  GetQueueUrl: getQueueUrl,
  ListQueues: listQueues,
  GetQueueAttributes: getQueueAttributes,
  SetQueueAttributes: setQueueAttributes,
  PurgeQueue: purgeQueue,
  SendMessage: send,
  SendMessageBatch: sendBatch,
  ReceiveMessage: receive,
  DeleteMessage: remove,
  DeleteMessageBatch: removeBatch,
  ChangeMessageVisibility: changeVisibility,
  ChangeMessageVisibilityBatch: changeVisibilityBatch,
  ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
  StartMessageMoveTask: startMessageMoveTask,
  ListMessageMoveTasks: listMessageMoveTasks,
  CancelMessageMoveTask: cancelMessageMoveTask,
}

/** Whoever waits for a message of it is told, and finds it gone. */
function deleteQueue({ queues, messages }: Service, { QueueUrl }: Input): unknown {
  const queue = queues.byUrl(QueueUrl)
  messages.together(() => {
    messages.purge(queue)
    queues.delete(queue)
  })
  messages.tell(queue)
  return {}
}

function getQueueUrl({ queues, urlOf }: Service, { QueueName, QueueOwnerAWSAccountId: owner }: Input): unknown {
  if (QueueName === undefined) throw missingParameter('QueueName')
  const queue = queues.byName(QueueName)
  if (owner !== undefined && !queue.arn.includes(`:${owner}:`)) throw noSuchQueue()
  return { QueueUrl: urlOf(queue) }
}

function listQueues({ queues, urlOf }: Service, { QueueNamePrefix, MaxResults, NextToken }: Input): unknown {
  const { queues: page, nextToken } = pageOf(queues.list(QueueNamePrefix), checkedMax(MaxResults), NextToken)
  return { QueueUrls: page.map(urlOf), ...(nextToken !== undefined && { NextToken: nextToken }) }
}

function listDeadLetterSourceQueues({ queues, urlOf }: Service, { QueueUrl, MaxResults, NextToken }: Input): unknown {
  const { queues: page, nextToken } = pageOf(queues.sourcesOf(queues.byUrl(QueueUrl)), checkedMax(MaxResults), NextToken)
  return { queueUrls: page.map(urlOf), ...(nextToken !== undefined && { NextToken: nextToken }) }
}

function checkedMax(max: number | undefined): number | undefined {
  if (max !== undefined && (max < 1 || max > 1000))
    throw outOfBounds('MaxResults', max, 'Must be between 1 and 1000, if provided.')
  return max
}

function getQueueAttributes({ queues, messages }: Service, { QueueUrl, AttributeNames = [] }: Input): unknown {
  const queue = queues.byUrl(QueueUrl)
  checkAttributeNames(AttributeNames)
  const { visible, inFlight, delayed } = messages.count(queue)
  const attributes = Object.entries({
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
  }).filter(([name]) => AttributeNames.includes('All') || AttributeNames.includes(name))
  return attributes.length === 0 ? {} : { Attributes: Object.fromEntries(attributes) }
}

function setQueueAttributes({ queues }: Service, { QueueUrl, Attributes }: Input): unknown {
  if (Attributes === undefined) throw missingParameter('Attributes')
  queues.set(queues.byUrl(QueueUrl), Attributes)
  return {}
}

function purgeQueue({ queues, messages }: Service, { QueueUrl }: Input): unknown {
  messages.purge(queues.byUrl(QueueUrl))
  return {}
}

function startMessageMoveTask(
  { moveTasks }: Service,
  { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond }: Input,
): unknown {
  if (SourceArn === undefined) throw missingParameter('SourceArn')
  return { TaskHandle: moveTasks.start(SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond) }
}

function listMessageMoveTasks({ moveTasks }: Service, { SourceArn, MaxResults = 1 }: Input): unknown {
  if (SourceArn === undefined) throw missingParameter('SourceArn')
  if (MaxResults < 1 || MaxResults > 10) throw outOfBounds('MaxResults', MaxResults, 'Must be between 1 and 10, if provided.')
  return { Results: moveTasks.list(SourceArn, MaxResults) }
}

function cancelMessageMoveTask({ moveTasks }: Service, { TaskHandle }: Input): unknown {
  if (TaskHandle === undefined) throw missingParameter('TaskHandle')
  return { ApproximateNumberOfMessagesMoved: moveTasks.cancel(TaskHandle) }
}
