import type { SQSBatchResponse, SQSRecord } from 'aws-lambda'
import { SQSClient } from '@aws-sdk/client-sqs'
import { randomUUID } from 'node:crypto'
import { clock } from './adapters/clock.ts'
import { endpointAt } from './adapters/endpoint.ts'
import { checkpointsIn, s3SourceFiles, listingOf, s3DeadLetterArchive, reportsIn, s3Client } from './adapters/s3.ts'
import { apiKeySource } from './adapters/secrets.ts'
import { deadLetterQueueAt, importQueueAt, sqsDeadLetterReader, changeVisibility } from './adapters/sqs.ts'
import { backoffCeiling } from './backoff.ts'
import { dispatchAll, handleMessage, isAcknowledged } from './jobs/dispatch.ts'
import { UnfinishedError } from './errors.ts'
import { readImporterSettings, type ImporterSettings, type Env } from './settings.ts'
import { eventsFor, type Log } from './events.ts'
import { readEvent, readMessage } from './intake/message.ts'
import { resuming } from './read/resume.ts'
import { Deadline } from './jobs/deadline.ts'
import type { InvocationContext, Ports } from './ports.ts'

/** Answers SQS with what has to come again, and a bare S3 event with nothing, or an error that makes Lambda send it again. */
export type Handler = (event: unknown, context: InvocationContext) => Promise<SQSBatchResponse | undefined>

/**
 * A message that is worked on is kept out of sight for so long at a time. Where the function dies, it comes again after that, and not after
 * the queue's own visibility timeout, which is six times as long as an invocation may last.
 */
const HIDDEN_SECONDS = 180
const HIDE_EVERY_MS = 60_000

/** A message that failed once is seen again after this; each further time after twice as long. */
const REDELIVERY_SECONDS = { first: 30, max: 900 }

/** Kissmetrics hands out keys of 40 hex digits. */
const USUAL_KEY = /^[0-9a-f]{40}$/i

/**
 * The importer as Lambda calls it, built from its environment.
 *
 * @throws SetupError where a setting is missing or out of its range: before the first event, never at line 40,000
 */
export function createHandler(env: Env, log: Log): Handler {
  const config = readImporterSettings(env)
  const sqs = new SQSClient({})
  const ports = awsPorts(config, sqs, log)
  return async (event, context) => {
    using deadline = new Deadline(context, config.limits.deadlineMarginMs)
    const messages = sqsRecords(event)
    if (messages === undefined) {
      const outcome = await dispatchAll(readEvent(event), ports, { messageId: undefined, deliveries: 1, ending: deadline.ending })
      if (!isAcknowledged(outcome)) throw new UnfinishedError(outcome.kind)
      return undefined
    }
    const batchItemFailures: { itemIdentifier: string }[] = []
    for (const message of messages) {
      const invocation = { messageId: message.messageId, deliveries: deliveriesOf(message), ending: deadline.ending }
      const settle = () => handleMessage(() => readMessage(message.body), ports, invocation)
      if (await whileInvisible(message, sqs, config.importQueueUrl, settle)) continue
      batchItemFailures.push({ itemIdentifier: message.messageId })
      await redeliverLater(message, sqs, config.importQueueUrl)
    }
    return { batchItemFailures }
  }
}

function awsPorts(config: ImporterSettings, sqs: SQSClient, log: Log): Ports {
  const s3 = s3Client()
  const events = eventsFor(log)
  const readKey = apiKeySource(config.apiKey, () => clock.now())
  let isKeyChecked = false
  return {
    files: resuming(s3SourceFiles(s3), clock),
    listing: listingOf(s3, config.bucket),
    reports: reportsIn(s3),
    checkpoints: checkpointsIn(s3),
    deadLetters: deadLetterQueueAt(sqs, config.deadLetterQueueUrl),
    deadLetterReader: sqsDeadLetterReader(sqs, config.deadLetterQueueUrl),
    archived: s3DeadLetterArchive(s3),
    bucket: config.bucket,
    importQueue: importQueueAt(sqs, config.importQueueUrl),
    endpoint: endpointAt(config.endpoint, config.limits.maxInFlight),
    apiKey: async () => {
      const key = await readKey()
      if (!isKeyChecked && !USUAL_KEY.test(key)) events.unusualKey()
      isKeyChecked = true
      return key
    },
    clock,
    newRun: randomUUID,
    events,
    limits: config.limits,
  }
}

/** The messages of a queue's event, or undefined where the event came without a queue. */
function sqsRecords(event: unknown): readonly SQSRecord[] | undefined {
  if (typeof event !== 'object' || event === null || !('Records' in event) || !Array.isArray(event.Records)) return undefined
  const records: readonly unknown[] = event.Records
  const isFromQueue = records.every(
    (record) => typeof record === 'object' && record !== null && 'eventSource' in record && record.eventSource === 'aws:sqs',
  )
  return isFromQueue && records.length > 0 ? (records as readonly SQSRecord[]) : undefined
}

function deliveriesOf({ attributes }: SQSRecord): number {
  return Number(attributes.ApproximateReceiveCount) || 1
}

/** What SQS does not take here only makes a message come again later than it could, or sooner, where its checkpoint tells it to wait. */
async function whileInvisible<T>(
  { receiptHandle }: SQSRecord,
  sqs: SQSClient,
  queueUrl: string,
  act: () => Promise<T>,
): Promise<T> {
  let hiding: Promise<void> | undefined
  const hide = (): void => {
    hiding = changeVisibility(sqs, queueUrl, receiptHandle, HIDDEN_SECONDS).catch(() => undefined)
  }
  hide()
  const timer = setInterval(hide, HIDE_EVERY_MS)
  try {
    return await act()
  } finally {
    clearInterval(timer)
    await hiding // or it could undo what is said of the message next
  }
}

/** Sooner than the queue's own visibility timeout, which is long, so that a short outage costs a short wait. */
async function redeliverLater(message: SQSRecord, sqs: SQSClient, queueUrl: string): Promise<void> {
  const delaySeconds = backoffCeiling(deliveriesOf(message), REDELIVERY_SECONDS)
  // Where SQS does not take this either, the message comes again by itself when its visibility timeout ends.
  await changeVisibility(sqs, queueUrl, message.receiptHandle, delaySeconds).catch(() => undefined)
}
