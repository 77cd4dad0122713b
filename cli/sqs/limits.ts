import { invalidParameter, missingParameter, SqsError } from './errors.ts'
import type { MessageAttributes } from './md5.ts'

export const MAX_MESSAGE_BYTES = 1_048_576
export const MAX_BATCH_ENTRIES = 10

/** Amazon SQS, SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF */
const REFUSED = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

/** What SQS counts: body, and name, type and value of each attribute. */
export function messageBytes(body: string, attributes: MessageAttributes | undefined): number {
  let bytes = Buffer.byteLength(body)
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType)
    bytes += BinaryValue === undefined ? Buffer.byteLength(StringValue ?? '') : Buffer.from(BinaryValue, 'base64').length
  }
  return bytes
}

export function checkMessage(body: string | undefined, attributes: MessageAttributes | undefined, maxBytes: number): asserts body is string {
  if (body === undefined || body === '') throw missingParameter('MessageBody')
  const texts = [body, ...Object.values(attributes ?? {}).map(({ StringValue }) => StringValue ?? '')]
  if (texts.some((text) => REFUSED.test(text))) {
    throw new SqsError(
      'com.amazonaws.sqs#InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
      'InvalidMessageContents',
    )
  }
  for (const [name, { StringValue, BinaryValue }] of Object.entries(attributes ?? {})) {
    if ((StringValue ?? BinaryValue ?? '') === '') throw invalidParameter(`Message (user) attribute '${name}' must contain a non-empty value.`)
  }
  if (messageBytes(body, attributes) > maxBytes) {
    throw invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`)
  }
}

/** Ids distinct, one to ten of them: what holds for every batch. */
export function checkBatch<Entry extends { readonly Id: string }>(entries: readonly Entry[] | undefined): asserts entries is readonly Entry[] {
  if (entries === undefined || entries.length === 0) {
    throw new SqsError(
      'com.amazonaws.sqs#EmptyBatchRequest',
      'There should be at least one entry in the request.',
      'AWS.SimpleQueueService.EmptyBatchRequest',
    )
  }
  if (entries.length > MAX_BATCH_ENTRIES) {
    throw new SqsError(
      'com.amazonaws.sqs#TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${entries.length}.`,
      'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
    )
  }
  if (new Set(entries.map(({ Id }) => Id)).size !== entries.length) {
    throw new SqsError('com.amazonaws.sqs#BatchEntryIdsNotDistinct', 'Id repeated.', 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct')
  }
}
