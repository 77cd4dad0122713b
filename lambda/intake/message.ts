import * as v from 'valibot'
import type { DeadLetter } from '../settle/dead-letter.ts'
import { ANSWER_TASK_SCHEMA, AnswerTaskBody, ExpectedBody, type AnswerTask, type ExpectedCheck } from './answer-task.ts'
import type { SourceFile } from './source-file.ts'
import { ARCHIVE_SCHEMA, EXPECTED_SCHEMA, RECONCILE_SCHEMA } from '../keys.ts'
import { isNewer } from '../common/schema.ts'
import { isSubscriptionConfirmation, sentByEventBridge, sentBySns, type ObjectEvent } from './envelope.ts'
import { decodeObjectKey } from './object-key.ts'
import type { Search } from './search.ts'
import { TAGGED_SCHEMA, TaggedBody } from './tagged-object.ts'
import { newTask, TASK_SCHEMA, type Task } from './task.ts'

/** Something that a message asks for. */
export type Work =
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'dead-letter'; readonly deadLetter: DeadLetter }
  /** The tags of an object were set: they may release or discard it. */
  | { readonly kind: 'tagged'; readonly file: SourceFile }
  /** Search for missed files. */
  | { readonly kind: 'reconcile'; readonly search: Search }
  /** Archive dead letters that SQS would soon delete. */
  | { readonly kind: 'archive' }
  /** Push an answer about a file. */
  | { readonly kind: 'answer'; readonly task: AnswerTask }
  /** Find out whether an expected file has come. */
  | { readonly kind: 'expected'; readonly check: ExpectedCheck }
  /** Only a newer version of the importer can read the message. It was not read, and waits as it is. */
  | { readonly kind: 'newer'; readonly body: string }
  /** Nothing to do, as expected: the test event of S3, or a deleted object. */
  | { readonly kind: 'ignored'; readonly why: string }

/** A message that is not for the importer. It stays in the queue, and SQS moves it to the dead-letter queue as it is. */
export class UnknownMessageError extends Error {
  override readonly name = 'UnknownMessageError'
  readonly code = 'unknown_message'
}

// Fields that AWS may add later are ignored. Those that the importer needs are checked.
const Identifier = v.pipe(v.string(), v.minLength(1))

const S3Record = v.object({
  eventSource: v.literal('aws:s3'),
  eventName: v.string(),
  eventTime: v.optional(v.string()),
  s3: v.object({
    bucket: v.object({ name: Identifier }),
    object: v.object({
      key: Identifier,
      size: v.optional(v.number()),
      eTag: v.optional(v.string()),
      versionId: v.optional(v.string()),
    }),
  }),
})

const S3Event = v.object({ Records: v.pipe(v.array(S3Record), v.minLength(1)) })

/** S3 sends it once, when the notification is configured. It has no `Records`. */
const S3TestEvent = v.object({ Service: v.literal('Amazon S3'), Event: v.literal('s3:TestEvent') })

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const LineNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

const DEAD_LETTER_SCHEMA: DeadLetter['schema'] = 'kissmetrics-importer/dead-letter/v1'

// In messages of the importer itself, unknown fields are kept: a newer version may need them when the message is sent again.

const DeadLetterBody = v.looseObject({
  schema: v.literal(DEAD_LETTER_SCHEMA),
  kind: v.picklist(['line', 'file', 'group']),
  reason: v.string(),
  detail: v.string(),
  source: v.looseObject({
    bucket: Identifier,
    key: Identifier,
    versionId: v.optional(v.string()),
    etag: v.optional(v.string()),
    lastModified: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    line: v.optional(LineNumber),
    byteStart: v.optional(Count),
    byteEnd: v.optional(Count),
  }),
  origin: v.exactOptional(
    v.looseObject({
      bucket: Identifier,
      key: Identifier,
      versionId: v.exactOptional(v.string()),
      etag: v.exactOptional(v.string()),
      line: LineNumber,
    }),
  ),
  countedAs: v.exactOptional(v.picklist(['rejected', 'undeliverable'])),
  delivered: v.exactOptional(v.literal(true)),
  line: v.optional(v.string()),
  lineBase64: v.optional(v.pipe(v.string(), v.base64())),
  lineTruncated: v.optional(v.literal(true)),
  group: v.exactOptional(
    v.looseObject({
      lines: Count,
      ranges: v.array(v.strictTuple([LineNumber, LineNumber])),
      isCoarse: v.exactOptional(v.literal(true)),
      examples: v.array(v.looseObject({ number: LineNumber, byteStart: Count, byteEnd: Count, detail: v.string() })),
    }),
  ),
  attempts: Count,
  replays: Count,
  failedAt: v.string(),
  rules: v.optional(v.array(v.looseObject({ fix: v.string() }))),
})

const SourceFileBody = v.looseObject({
  bucket: Identifier,
  key: Identifier,
  versionId: v.exactOptional(Identifier),
  etag: v.exactOptional(Identifier),
  bytes: v.exactOptional(Count),
})

const SegmentBody = v.looseObject({
  index: v.pipe(Count, v.minValue(1)),
  byteStart: Count,
  byteEnd: Count,
  firstLine: v.pipe(Count, v.minValue(1)),
  lines: Count,
})

const TaskBody = v.looseObject({
  schema: v.literal(TASK_SCHEMA),
  file: SourceFileBody,
  segment: v.exactOptional(SegmentBody),
  replays: Count,
  reached: Count,
  delays: Count,
  wait: v.exactOptional(Identifier),
  pause: v.exactOptional(Identifier),
  since: v.exactOptional(Count),
  foundBySearch: v.exactOptional(v.literal(true)),
  surveys: v.exactOptional(Count),
  released: v.exactOptional(v.literal(true)),
})

/** The schedule of the stack sends these. */
const ReconcileBody = v.object({
  schema: v.literal(RECONCILE_SCHEMA),
  after: v.exactOptional(v.object({ key: Identifier, versionId: Identifier, bucket: v.exactOptional(Identifier) })),
  files: v.optional(Count, 0),
  queued: v.optional(Count, 0),
  startedAt: v.exactOptional(Count),
  finalUntil: v.exactOptional(v.number()),
  unfinished: v.exactOptional(v.array(Identifier)),
})
const ArchiveBody = v.object({ schema: v.literal(ARCHIVE_SCHEMA) })

const OWN_SCHEMAS = [
  TASK_SCHEMA,
  TAGGED_SCHEMA,
  RECONCILE_SCHEMA,
  ARCHIVE_SCHEMA,
  DEAD_LETTER_SCHEMA,
  ANSWER_TASK_SCHEMA,
  EXPECTED_SCHEMA,
]

/**
 * Reads what a message on the import queue asks for. Only the shape of its body decides.
 *
 * @throws UnknownMessageError saying what is wrong with the message, without quoting it
 */
export function readMessage(body: string): readonly Work[] {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw new UnknownMessageError('The message is neither an S3 event nor a message of the importer: it is not JSON.')
  }
  return readEvent(value, body)
}

/** The same for an event that Lambda received without a queue. */
export function readEvent(value: unknown, body = JSON.stringify(value)): readonly Work[] {
  if (OWN_SCHEMAS.some((schema) => isNewer(value, schema))) return [{ kind: 'newer', body }]
  if (isObject(value) && 'schema' in value) return [readOwn(value)]
  if (isSubscriptionConfirmation(value))
    throw new UnknownMessageError(
      'SNS asks to confirm that the import queue is subscribed to a topic: run `aws sns confirm-subscription` with the token in this message.',
    )
  const message = sentBySns(value)
  return readS3Event(message === undefined ? value : parseSnsMessage(message))
}

function readS3Event(value: unknown): readonly Work[] {
  if (v.is(S3TestEvent, value)) return [{ kind: 'ignored', why: 's3:TestEvent' }]
  const bridged = sentByEventBridge(value)
  if (bridged !== undefined) return [workFor(bridged)]
  const event = v.safeParse(S3Event, value)
  if (!event.success)
    throw new UnknownMessageError(
      `The message is neither an S3 event nor a message of the importer: ${firstIssue(event.issues)}.`,
    )
  return event.output.Records.map(({ eventName, eventTime: at, s3: { bucket, object } }) => {
    const { key, size, eTag, versionId } = object
    // Other events, like that of a deleted object, may have a key that cannot be decoded. It is not needed.
    return workFor({
      name: eventName,
      bucket: bucket.name,
      key: isRead(eventName) ? decodeKey(key) : key,
      size,
      etag: eTag,
      versionId,
      at,
    })
  })
}

const CREATED = 'ObjectCreated:'
const TAGGED = 'ObjectTagging:Put'

function isRead(event: string): boolean {
  return event.startsWith(CREATED) || event === TAGGED
}

function workFor({ name, bucket, key, size, etag, versionId, at }: ObjectEvent): Work {
  if (!isRead(name)) return { kind: 'ignored', why: name }
  const file: SourceFile = {
    bucket,
    key,
    ...(versionId !== undefined && versionId !== '' && { versionId }),
    ...(etag !== undefined && etag !== '' && { etag }),
    ...(size !== undefined && { bytes: size }),
  }
  if (name === TAGGED) return { kind: 'tagged', file }
  const since = Date.parse(at ?? '')
  return { kind: 'task', task: newTask(file, 0, since > 0 ? since : undefined) }
}

function parseSnsMessage(message: string): unknown {
  try {
    return JSON.parse(message)
  } catch {
    throw new UnknownMessageError('The message was sent by SNS and is not an S3 event: it is not JSON.')
  }
}

function decodeKey(encoded: string): string {
  try {
    return decodeObjectKey(encoded)
  } catch {
    throw new UnknownMessageError('The S3 event names an object whose key is not URL-encoded.')
  }
}

/** Reads a message that the importer or its stack has written. */
function readOwn(value: object & { readonly schema: unknown }): Work {
  switch (value.schema) {
    case TASK_SCHEMA: {
      const parsed = v.safeParse(TaskBody, value)
      if (!parsed.success)
        throw new UnknownMessageError(`The task is damaged: ${firstIssue(parsed.issues)}. Upload the file again.`)
      const { schema: _schema, ...task } = parsed.output
      return { kind: 'task', task }
    }
    case TAGGED_SCHEMA: {
      const { file } = parsedOwn(TaggedBody, value, 'The message about the tags of an object is damaged')
      return { kind: 'tagged', file }
    }
    case RECONCILE_SCHEMA:
      return { kind: 'reconcile', search: readSearch(value) }
    case ARCHIVE_SCHEMA:
      if (!v.is(ArchiveBody, value))
        throw new UnknownMessageError('The message that asks to archive old dead letters is damaged.')
      return { kind: 'archive' }
    case ANSWER_TASK_SCHEMA:
      return { kind: 'answer', task: parsedOwn(AnswerTaskBody, value, 'The message that asks for an answer is damaged') }
    case EXPECTED_SCHEMA:
      return {
        kind: 'expected',
        check: parsedOwn(ExpectedBody, value, 'The message that asks whether an expected file has come is damaged'),
      }
    default:
      return readDeadLetter(value)
  }
}

function parsedOwn<T>(schema: v.GenericSchema<unknown, T>, value: object, damaged: string): T {
  const parsed = v.safeParse(schema, value)
  if (!parsed.success) throw new UnknownMessageError(`${damaged}: ${firstIssue(parsed.issues)}.`)
  return parsed.output
}

function readSearch(value: object): Search {
  const parsed = v.safeParse(ReconcileBody, value)
  if (!parsed.success) throw new UnknownMessageError('The message that asks for a search for missed files is damaged.')
  const { schema: _schema, ...search } = parsed.output
  return search
}

function readDeadLetter(value: object): Work {
  const parsed = v.safeParse(DeadLetterBody, value)
  if (!parsed.success)
    throw new UnknownMessageError(`The dead letter is damaged: ${firstIssue(parsed.issues)}. Put its line into a new file.`)
  // The reason is not checked: a newer version may have written one that is unknown here.
  const deadLetter = parsed.output as DeadLetter
  if (deadLetter.kind === 'line') {
    if (deadLetter.source.line === undefined)
      throw new UnknownMessageError('The dead letter is damaged: source.line is missing. Put its line into a new file.')
    return { kind: 'dead-letter', deadLetter }
  }
  if (deadLetter.kind === 'group') {
    if (deadLetter.group === undefined)
      throw new UnknownMessageError('The dead letter is damaged: group is missing. Correct its file, and import it again.')
    return { kind: 'dead-letter', deadLetter }
  }
  const { bucket, key, versionId, etag } = deadLetter.source
  const file: SourceFile = { bucket, key, ...(versionId !== undefined && { versionId }), ...(etag !== undefined && { etag }) }
  return { kind: 'task', task: newTask(file, deadLetter.replays + 1) }
}

function firstIssue([issue]: readonly v.BaseIssue<unknown>[]): string {
  if (issue === undefined) return 'its shape is unknown'
  const path = issue.path?.map(({ key }) => String(key)).join('.') ?? 'the message'
  return `${path} should be ${issue.expected ?? 'something else'}`
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
