import { missingParameter, noSuchQueue, outOfBounds } from './errors.ts'
import type { Input } from './input.ts'
import { changeVisibility, changeVisibilityBatch, receive, remove, removeBatch, send, sendBatch } from './message-operations.ts'
import { checkAttributeNames } from './queue-attributes.ts'
import { pageOf } from './queues.ts'
import type { Service } from './service.ts'

type Operation = (service: Service, input: Input, signal: AbortSignal) => unknown

/** The operations, by the name that a request carries. */
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

/** Also ends the long polls on the queue: they find that it no longer exists. */
function deleteQueue({ queues, messages }: Service, { QueueUrl }: Input): unknown {
  const queue = queues.byUrl(QueueUrl)
  messages.transaction(() => {
    messages.purge(queue)
    queues.delete(queue)
  })
  messages.notifyWaiting(queue)
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
