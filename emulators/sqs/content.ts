import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { invalidParameter, missingParameter, SqsError } from './errors.ts'

const Text = v.optional(v.string())

/** The message attributes. Binary values are base64, as in the JSON protocol. */
export const MessageAttributes = v.record(
  v.string(),
  v.strictObject({ DataType: v.string(), StringValue: Text, BinaryValue: Text }),
)
export type MessageAttributes = v.InferOutput<typeof MessageAttributes>
type MessageAttribute = MessageAttributes[string]

/** Limit of a message, and of a batch of messages. */
export const MAX_BYTES = 1_048_576
const MAX_ATTRIBUTES = 10
const MAX_BATCH_ENTRIES = 10

/** Amazon SQS API reference, SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF */
const INVALID_CHARACTER = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

/** Amazon SQS developer guide, "Amazon SQS message metadata". */
const ATTRIBUTE_NAME = /^(?!\.|aws\.|amazon\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i
const DATA_TYPE = /^(String|Number|Binary)(\..+)?$/

/** The size as SQS counts it: body, plus name, type and value of each attribute. */
export function bytesOf(body: string, attributes: MessageAttributes = {}): number {
  return Object.entries(attributes).reduce(
    (bytes, [name, attribute]) =>
      bytes + Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + valueOf(attribute).length,
    Buffer.byteLength(body),
  )
}

/** @throws SqsError if SQS would reject the message */
export function checkContent(body: string | undefined, attributes: MessageAttributes, maxBytes: number): asserts body is string {
  if (body === undefined || body === '') throw missingParameter('MessageBody')
  if (Object.keys(attributes).length > MAX_ATTRIBUTES) {
    throw invalidParameter(
      `Number of message attributes [${Object.keys(attributes).length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    )
  }
  for (const [name, attribute] of Object.entries(attributes)) checkAttribute(name, attribute)
  if (
    [body, ...Object.values(attributes).map(({ StringValue = '' }) => StringValue)].some((text) => INVALID_CHARACTER.test(text))
  ) {
    throw new SqsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    )
  }
  if (bytesOf(body, attributes) > maxBytes) {
    throw invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`)
  }
}

function checkAttribute(name: string, attribute: MessageAttribute): void {
  const { DataType, StringValue, BinaryValue } = attribute
  if (!ATTRIBUTE_NAME.test(name)) throw invalidParameter(`The message attribute name '${name}' is invalid.`)
  if (!DATA_TYPE.test(DataType)) {
    throw invalidParameter(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  }
  const [given, other] = DataType.startsWith('Binary') ? [BinaryValue, StringValue] : [StringValue, BinaryValue]
  if (other !== undefined || given === undefined || given === '') {
    throw invalidParameter(`The message attribute '${name}' must contain a non-empty value of its type, and no other.`)
  }
  if (DataType.startsWith('Number') && !Number.isFinite(Number(given))) {
    throw invalidParameter(`Can't cast the value of message attribute '${name}' to a number.`)
  }
}

/** Checks that a batch has one to ten entries with distinct ids. @throws SqsError for the batch as a whole */
export function checkBatch<Entry extends { readonly Id: string }>(entries: readonly Entry[] = []): readonly Entry[] {
  if (entries.length === 0) throw batchError('EmptyBatchRequest', 'There should be at least one entry in the request.')
  if (entries.length > MAX_BATCH_ENTRIES) {
    throw batchError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${entries.length}.`,
    )
  }
  if (!entries.every(({ Id }) => /^[\w-]{1,80}$/.test(Id))) {
    throw batchError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    )
  }
  const repeated = entries.find(({ Id }, index) => entries.findIndex((entry) => entry.Id === Id) < index)
  if (repeated !== undefined) throw batchError('BatchEntryIdsNotDistinct', `Id ${repeated.Id} repeated.`)
  return entries
}

/** @throws SqsError if the entries together exceed the limit of a request */
export function checkBatchBytes(bytes: number): void {
  if (bytes <= MAX_BYTES) return
  throw batchError(
    'BatchRequestTooLong',
    `Batch requests cannot be longer than ${MAX_BYTES} bytes. You have sent ${bytes} bytes.`,
  )
}

function batchError(type: string, message: string): SqsError {
  return new SqsError(type, message, `AWS.SimpleQueueService.${type}`)
}

export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

const STRING = Buffer.from([1])
const BINARY = Buffer.from([2])

/**
 * The digest that SDKs compare: over the attributes sorted by name, each name, type and value prefixed with its length.
 * Amazon SQS developer guide, "Calculating the MD5 message digest for message attributes".
 *
 * @returns undefined if there are no attributes
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const sorted = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (sorted.length === 0) return undefined
  const hash = createHash('md5')
  for (const [name, attribute] of sorted) {
    hash.update(withLength(Buffer.from(name))).update(withLength(Buffer.from(attribute.DataType)))
    hash.update(attribute.BinaryValue === undefined ? STRING : BINARY).update(withLength(valueOf(attribute)))
  }
  return hash.digest('hex')
}

function valueOf({ StringValue = '', BinaryValue }: MessageAttribute): Buffer {
  return BinaryValue === undefined ? Buffer.from(StringValue) : Buffer.from(BinaryValue, 'base64')
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
