import type { SQSBatchResponse, SQSRecord } from 'aws-lambda'
import type { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { randomUUID } from 'node:crypto'
import { clock } from './adapters/clock.ts'
import { kissmetricsEndpoint } from './adapters/endpoint.ts'
import { s3Client } from './adapters/s3-client.ts'
import { s3Checkpoints, s3DeadLetterArchive, s3Reports } from './adapters/s3-documents.ts'
import { s3Listing, s3SourceFiles } from './adapters/s3-objects.ts'
import { apiKeySource } from './adapters/secrets.ts'
import { changeVisibility, sqsDeadLetterQueue, sqsDeadLetterReader, sqsImportQueue } from './adapters/sqs.ts'
import { backoffCeiling } from './backoff.ts'
import { dispatchAll, handleMessage, isAcknowledged } from './jobs/dispatch.ts'
import { UnfinishedError } from './errors.ts'
import { readImporterSettings, type ImporterSettings, type Env } from './settings.ts'
import { eventsFor, type Log } from './events.ts'
import { readEvent, readMessage } from './intake/message.ts'
import { resuming } from './read/resume.ts'
import { Deadline } from './jobs/deadline.ts'
import type { InvocationContext, Ports } from './ports.ts'

/**
 * The importer as Lambda calls it. For an SQS event, it returns the messages that SQS has to deliver again. For a bare S3 event, it returns
 * nothing, or rejects so that Lambda sends the event again.
 */
export type Handler = (event: unknown, context: InvocationContext) => Promise<SQSBatchResponse | undefined>

/**
 * While a message is being worked on, it is hidden for this long at a time. If the function dies, SQS delivers the message again after this
 * time, and not after the visibility timeout of the queue, which is six times the time limit of an invocation.
 */
const HIDDEN_SECONDS = 180
const HIDE_EVERY_MS = 60_000

/** A message that failed is delivered again after this time, which doubles with each further failure. */
const REDELIVERY_SECONDS = { first: 30, max: 900 }

/** Kissmetrics API keys have 40 hex digits. */
const USUAL_KEY = /^[0-9a-f]{40}$/i

export interface AwsClients {
  readonly s3: S3Client
  readonly sqs: SQSClient
}

/**
 * Builds the importer from its environment.
 *
 * @param clients clients of S3 and SQS, if they are not those of the environment
 * @throws SetupError if a setting is missing or out of range: before the first event, never at line 40,000
 */
export function createHandler(env: Env, log: Log, clients: AwsClients = { s3: s3Client(), sqs: new SQSClient({}) }): Handler {
  const config = readImporterSettings(env)
  const { sqs } = clients
  const ports = awsPorts(config, clients, log)
  return async (event, context) => {
    using deadline = new Deadline(context, config.limits.deadlineMarginMs, clock)
    const messages = sqsRecords(event)
    if (messages === undefined) {
      const outcome = await dispatchAll(readEvent(event), ports, { messageId: undefined, deliveries: 1, ending: deadline.ending })
      if (!isAcknowledged(outcome)) throw new UnfinishedError(outcome.kind)
      return undefined
    }
    const batchItemFailures: { itemIdentifier: string }[] = []
    for (const message of messages) {
      const invocation = { messageId: message.messageId, deliveries: deliveriesOf(message), ending: deadline.ending }
      const work = () => handleMessage(() => readMessage(message.body), ports, invocation)
      if (await whileInvisible(message, sqs, config.importQueueUrl, work)) continue
      batchItemFailures.push({ itemIdentifier: message.messageId })
      await redeliverLater(message, sqs, config.importQueueUrl)
    }
    return { batchItemFailures }
  }
}

function awsPorts(config: ImporterSettings, { s3, sqs }: AwsClients, log: Log): Ports {
  const events = eventsFor(log)
  const readKey = apiKeySource(config.apiKey, () => clock.now())
  let isKeyChecked = false
  return {
    files: resuming(s3SourceFiles(s3), clock),
    listing: s3Listing(s3, config.bucket),
    reports: s3Reports(s3),
    checkpoints: s3Checkpoints(s3),
    deadLetters: sqsDeadLetterQueue(sqs, config.deadLetterQueueUrl),
    deadLetterReader: sqsDeadLetterReader(sqs, config.deadLetterQueueUrl),
    archived: s3DeadLetterArchive(s3),
    bucket: config.bucket,
    importQueue: sqsImportQueue(sqs, config.importQueueUrl),
    endpoint: kissmetricsEndpoint(config.endpoint, config.limits.maxInFlight),
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

/** The messages of an SQS event; undefined if the event did not come from a queue. */
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

/**
 * Hides the message while `act` runs. If SQS refuses, the message is only delivered again later than it could be; or earlier, and then its
 * lease makes it wait.
 */
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
    await hiding // or it could overwrite the next visibility change
  }
}

/** Makes SQS deliver the message again sooner than after the long visibility timeout of the queue, so a short outage costs a short wait. */
async function redeliverLater(message: SQSRecord, sqs: SQSClient, queueUrl: string): Promise<void> {
  const delaySeconds = backoffCeiling(deliveriesOf(message), REDELIVERY_SECONDS)
  // If SQS refuses, the message is delivered again when its visibility timeout ends.
  await changeVisibility(sqs, queueUrl, message.receiptHandle, delaySeconds).catch(() => undefined)
}
