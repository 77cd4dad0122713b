import { bytesOf, checkBatch, checkBatchBytes, checkContent, md5Of, md5OfAttributes } from './content.ts'
import { missingParameter, outOfBounds, SqsError, unknownAttribute } from './errors.ts'
import { strikes } from './faults.ts'
import type { Entry, Input } from './input.ts'
import type { Received } from './messages.ts'
import { numberOf } from './queue-attributes.ts'
import type { Queue } from './queues.ts'
import type { Service } from './service.ts'

export function send(service: Service, input: Input): unknown {
  return sendOne(service, service.queues.byUrl(input.QueueUrl), input)
}

export function sendBatch(service: Service, { QueueUrl, Entries }: Input): unknown {
  const queue = service.queues.byUrl(QueueUrl)
  const entries = checkBatch(Entries)
  checkBatchBytes(
    entries.reduce((sum, { MessageBody = '', MessageAttributes }) => sum + bytesOf(MessageBody, MessageAttributes), 0),
  )
  return eachEntry(service, entries, (entry) => sendOne(service, queue, entry))
}

function sendOne(
  { messages }: Service,
  queue: Queue,
  { MessageBody, MessageAttributes = {}, DelaySeconds }: Pick<Entry, 'MessageBody' | 'DelaySeconds' | 'MessageAttributes'>,
): Record<string, string> {
  checkContent(MessageBody, MessageAttributes, numberOf(queue.attributes, 'MaximumMessageSize'))
  checkWhole('DelaySeconds', DelaySeconds, 0, 900)
  const id = messages.send(queue, MessageBody, MessageAttributes, DelaySeconds)
  const attributesMd5 = md5OfAttributes(MessageAttributes)
  return {
    MessageId: id,
    MD5OfMessageBody: md5Of(MessageBody),
    ...(attributesMd5 !== undefined && { MD5OfMessageAttributes: attributesMd5 }),
  }
}

export async function receive(service: Service, input: Input, signal: AbortSignal): Promise<unknown> {
  const { queues, messages, now, waitScale } = service
  let queue = queues.byUrl(input.QueueUrl)
  checkWhole('MaxNumberOfMessages', input.MaxNumberOfMessages, 1, 10)
  checkWhole('WaitTimeSeconds', input.WaitTimeSeconds, 0, 20)
  checkWhole('VisibilityTimeout', input.VisibilityTimeout, 0, 43_200)
  checkSystemAttributes(systemAttributesOf(input))
  const waitSeconds = input.WaitTimeSeconds ?? numberOf(queue.attributes, 'ReceiveMessageWaitTimeSeconds')
  const end = now() + waitSeconds * 1000 * waitScale
  while (!signal.aborted) {
    queue = queues.byUrl(input.QueueUrl) // read again: its attributes may have changed, or it was deleted
    const received = deliver(service, queue, input)
    const leftMs = end - now()
    if (received.length > 0) return { Messages: received.map((message) => toWire(message, input)) }
    if (leftMs <= 0) break
    await messages.arrival(queue, leftMs, signal)
  }
  if (signal.aborted) messages.notifyOne(queue) // the message that ended the wait of this request is for another one
  return {}
}

function deliver(
  { messages, faults }: Service,
  queue: Queue,
  { MaxNumberOfMessages = 1, VisibilityTimeout }: Input,
): readonly Received[] {
  const received = messages.receive(queue, {
    max: MaxNumberOfMessages,
    visibilitySeconds: VisibilityTimeout ?? numberOf(queue.attributes, 'VisibilityTimeout'),
    newestFirst: faults.reorder > 0,
    duplicates: faults.deliverTwice,
  })
  // With an empty answer no fault is visible, so none is used up.
  if (received.length > 0) strikes(faults, 'reorder')
  for (const _message of received) strikes(faults, 'deliverTwice')
  return received
}

export function remove({ queues, messages }: Service, { QueueUrl, ReceiptHandle }: Input): unknown {
  messages.delete(queues.byUrl(QueueUrl), required('ReceiptHandle', ReceiptHandle))
  return {}
}

export function removeBatch(service: Service, { QueueUrl, Entries }: Input): unknown {
  const queue = service.queues.byUrl(QueueUrl)
  return eachEntry(service, checkBatch(Entries), ({ ReceiptHandle }) => {
    service.messages.delete(queue, required('ReceiptHandle', ReceiptHandle))
    return {}
  })
}

export function changeVisibility(service: Service, input: Input): unknown {
  return changeOne(service, service.queues.byUrl(input.QueueUrl), input)
}

export function changeVisibilityBatch(service: Service, { QueueUrl, Entries }: Input): unknown {
  const queue = service.queues.byUrl(QueueUrl)
  return eachEntry(service, checkBatch(Entries), (entry) => changeOne(service, queue, entry))
}

function changeOne(
  { messages }: Service,
  queue: Queue,
  { ReceiptHandle, VisibilityTimeout }: Pick<Entry, 'ReceiptHandle' | 'VisibilityTimeout'>,
): Record<string, string> {
  checkWhole('VisibilityTimeout', VisibilityTimeout, 0, 43_200)
  messages.changeVisibility(queue, required('ReceiptHandle', ReceiptHandle), required('VisibilityTimeout', VisibilityTimeout))
  return {}
}

/** Each entry succeeds or fails alone: the answer is a 200 that lists the failed entries. */
function eachEntry(service: Service, entries: readonly Entry[], work: (entry: Entry) => Record<string, string>): unknown {
  const Successful: Record<string, string>[] = []
  const Failed: Record<string, unknown>[] = []
  service.messages.transaction(() => {
    for (const entry of entries) {
      try {
        if (strikes(service.faults, 'failEntries'))
          throw new SqsError('InternalError', 'We encountered an internal error. Please try again.', 'InternalError', 500)
        Successful.push({ Id: entry.Id, ...work(entry) })
      } catch (error) {
        if (!(error instanceof SqsError)) throw error
        Failed.push({ Id: entry.Id, SenderFault: error.status < 500, Code: error.code, Message: error.message })
      }
    }
  })
  return { Successful, ...(Failed.length > 0 && { Failed }) }
}

function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw missingParameter(name)
  return value
}

function checkWhole(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return
  throw outOfBounds(name, value, `Must be between ${min} and ${max}, if provided.`)
}

const SYSTEM_ATTRIBUTES: Readonly<Record<string, (message: Received) => string | undefined>> = {
  SenderId: () => 'LOCAL',
  SentTimestamp: ({ sentAt }) => String(sentAt),
  ApproximateReceiveCount: ({ receiveCount }) => String(receiveCount),
  ApproximateFirstReceiveTimestamp: ({ firstReceivedAt }) => String(firstReceivedAt),
  DeadLetterQueueSourceArn: ({ sourceArn }) => sourceArn,
}

/** Attributes that a message of a standard queue without tracing never has. */
const ABSENT_ATTRIBUTES = ['AWSTraceHeader', 'MessageDeduplicationId', 'MessageGroupId', 'SequenceNumber']

/** `AttributeNames` is the deprecated name of the same parameter. */
function systemAttributesOf({ AttributeNames = [], MessageSystemAttributeNames = [] }: Input): readonly string[] {
  return [...AttributeNames, ...MessageSystemAttributeNames]
}

function checkSystemAttributes(names: readonly string[]): void {
  const known = ['All', ...Object.keys(SYSTEM_ATTRIBUTES), ...ABSENT_ATTRIBUTES]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw unknownAttribute(unknown)
}

function toWire(message: Received, input: Input): unknown {
  const wanted = systemAttributesOf(input)
  const system = Object.entries(SYSTEM_ATTRIBUTES).flatMap(([name, of]) => {
    const value = of(message)
    return value !== undefined && (wanted.includes('All') || wanted.includes(name)) ? [[name, value] as const] : []
  })
  const patterns = input.MessageAttributeNames ?? []
  const own = Object.fromEntries(
    Object.entries(message.attributes).filter(([name]) => patterns.some((pattern) => matches(pattern, name))),
  )
  const md5 = md5OfAttributes(own)
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: md5Of(message.body),
    Body: message.body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(md5 !== undefined && { MessageAttributes: own, MD5OfMessageAttributes: md5 }),
  }
}

function matches(pattern: string, name: string): boolean {
  return pattern === 'All' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -2)))
}
