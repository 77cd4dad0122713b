import { bytesOf, checkBatch, checkBatchBytes, checkContent, md5Of, md5OfAttributes } from './content.ts'
import { missingParameter, outOfBounds, SqsError, unknownAttribute } from './errors.ts'
import type { Received } from './messages.ts'
import type { Entry, Input, Service } from './operations.ts'
import { numberOf } from './queue-attributes.ts'
import type { Queue } from './queues.ts'

/** What a test can have SQS do wrong, each as often as its number says. Nothing in use. */
export interface SqsFaults {
  /** Answer a request with 503, before anything is done. */
  unavailable: number
  /** Hand a message out, and the same message again even if the first one is deleted. */
  deliverTwice: number
  /** Answer a receive with the newest messages first. */
  reorder: number
  /** Take a batch, and not this entry of it. */
  failEntries: number
}

export function noFaults(): SqsFaults {
  return { unavailable: 0, deliverTwice: 0, reorder: 0, failEntries: 0 }
}

/** Whether the fault strikes now; then it is used up. */
export function strikes(faults: SqsFaults, fault: keyof SqsFaults): boolean {
  if (faults[fault] <= 0) return false
  faults[fault] -= 1
  return true
}

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
  const { queues, messages, now } = service
  const { attributes } = queues.byUrl(input.QueueUrl)
  checkWhole('MaxNumberOfMessages', input.MaxNumberOfMessages, 1, 10)
  checkWhole('WaitTimeSeconds', input.WaitTimeSeconds, 0, 20)
  checkWhole('VisibilityTimeout', input.VisibilityTimeout, 0, 43_200)
  checkSystemAttributes(systemAttributesOf(input))
  const end = now() + (input.WaitTimeSeconds ?? numberOf(attributes, 'ReceiveMessageWaitTimeSeconds')) * 1000
  while (!signal.aborted) {
    const queue = queues.byUrl(input.QueueUrl) // as it is by now, or gone
    const received = take(service, queue, input)
    const leftMs = end - now()
    if (received.length > 0) return { Messages: received.map((message) => toWire(message, input)) }
    if (leftMs <= 0) break
    await messages.arrival(queue, leftMs, signal)
  }
  return {}
}

function take(
  { messages, faults }: Service,
  queue: Queue,
  { MaxNumberOfMessages = 1, VisibilityTimeout }: Input,
): readonly Received[] {
  const received = messages.receive(queue, {
    max: MaxNumberOfMessages,
    visibilitySeconds: VisibilityTimeout ?? numberOf(queue.attributes, 'VisibilityTimeout'),
    newestFirst: faults.reorder > 0,
    twins: faults.deliverTwice,
  })
  // An empty answer shows no fault, and so uses none up.
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

/** Entries stand or fall alone: those that failed are told in the answer, which is a 200. */
function eachEntry(service: Service, entries: readonly Entry[], work: (entry: Entry) => Record<string, string>): unknown {
  const Successful: Record<string, string>[] = []
  const Failed: Record<string, unknown>[] = []
  service.messages.together(() => {
    for (const entry of entries) {
      try {
        if (strikes(service.faults, 'failEntries'))
          throw new SqsError('InternalError', 'We encountered an internal error. Please try again.', 'InternalError', 500)
        Successful.push({ Id: entry.Id, ...work(entry) })
      } catch (error) {
        if (!(error instanceof SqsError)) throw error
        Failed.push({ Id: entry.Id, SenderFault: error.status < 500, Code: error.queryCode, Message: error.message })
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

/** Names that a message of a standard queue without tracing does not have. */
const NEVER_THERE = ['AWSTraceHeader', 'MessageDeduplicationId', 'MessageGroupId', 'SequenceNumber']

/** `AttributeNames` is the older name of the same parameter. */
function systemAttributesOf({ AttributeNames = [], MessageSystemAttributeNames = [] }: Input): readonly string[] {
  return [...AttributeNames, ...MessageSystemAttributeNames]
}

function checkSystemAttributes(names: readonly string[]): void {
  const known = ['All', ...Object.keys(SYSTEM_ATTRIBUTES), ...NEVER_THERE]
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
