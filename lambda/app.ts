import type { SQSBatchResponse, SQSRecord } from 'aws-lambda'
import type { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { randomUUID } from 'node:crypto'
import { clock } from './adapters/clock.ts'
import { kissmetricsEndpoint, type HttpEndpoint } from './adapters/endpoint.ts'
import { s3Client } from './adapters/s3-client.ts'
import { s3Checkpoints, s3DeadLetterArchive, s3Documents, s3Reports } from './adapters/s3-documents.ts'
import { s3Listing, s3SourceFiles } from './adapters/s3-objects.ts'
import { s3ObjectTags } from './adapters/s3-tags.ts'
import { apiKeySource, secretSource } from './adapters/secrets.ts'
import { answerTopic } from './adapters/sns.ts'
import { changeVisibility, sqsDeadLetterQueue, sqsDeadLetterReader, sqsImportQueue } from './adapters/sqs.ts'
import { answerWebhook } from './adapters/webhook.ts'
import { dispatchAll, handleMessage, isAcknowledged } from './jobs/dispatch.ts'
import { UnfinishedError, type SetupError } from './errors.ts'
import { shellWord } from './common/escape.ts'
import { isUsualKey } from './settings/api-key.ts'
import { TEXT_SETTINGS } from './settings/names.ts'
import type { Env } from './settings/numbers.ts'
import { readImporterSettings, type ImporterSettings } from './settings/settings.ts'
import { eventsFor, type Log } from './events.ts'
import { readEvent, readMessage } from './intake/message.ts'
import { resuming } from './read/resume.ts'
import { Deadline } from './jobs/deadline.ts'
import { holdsMessage, whileHidden } from './jobs/visibility.ts'
import type { ImportQueue, InvocationContext, Ports } from './ports.ts'

/**
 * The importer as Lambda calls it. For an SQS event, it returns the messages that SQS has to deliver again. For a bare S3 event, it returns
 * nothing, or rejects so that Lambda sends the event again.
 */
export type Handler = (event: unknown, context: InvocationContext) => Promise<SQSBatchResponse | undefined>

/** How long a message waits while a setting of the function is wrong. */
const MISCONFIGURED_DELAY_SECONDS = 300

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
      const invocation = {
        messageId: undefined,
        deliveries: 1,
        ending: deadline.ending,
        holdsMessage: () => Promise.resolve(true),
      }
      const outcome = await dispatchAll(readEvent(event), ports, invocation)
      if (!isAcknowledged(outcome)) throw new UnfinishedError(outcome.kind)
      return undefined
    }
    const batchItemFailures: { itemIdentifier: string }[] = []
    for (const message of messages) {
      const hide = (seconds: number) => changeVisibility(sqs, config.importQueueUrl, message.receiptHandle, seconds)
      const invocation = {
        messageId: message.messageId,
        deliveries: deliveriesOf(message),
        ending: deadline.ending,
        holdsMessage: () => holdsMessage(hide),
      }
      const work = () => handleMessage(() => readMessage(message.body), ports, invocation)
      const handled = await whileHidden(hide, clock, work)
      if (handled.isAcknowledged) continue
      batchItemFailures.push({ itemIdentifier: message.messageId })
      // If SQS refuses, the message is delivered again when its visibility timeout ends.
      await hide(handled.againSeconds).catch(() => undefined)
    }
    return { batchItemFailures }
  }
}

/**
 * The importer while a setting of the function is wrong: it replaces each message by a new one, which waits. So no message uses up its
 * deliveries until the setting is right; AWS Lambda then starts a new process.
 */
export function createWaitingHandler(cause: SetupError, env: Env, log: Log): Handler {
  const queueUrl = env[TEXT_SETTINGS.importQueueUrl]
  const queue = queueUrl === undefined ? undefined : sqsImportQueue(new SQSClient({}), queueUrl)
  return async (event) => {
    eventsFor(log).setupWrong(cause.message)
    const messages = sqsRecords(event)
    if (messages === undefined || queue === undefined) throw cause
    const batchItemFailures: { itemIdentifier: string }[] = []
    for (const { messageId, body } of messages) {
      await queue.send(body, MISCONFIGURED_DELAY_SECONDS).catch(() => batchItemFailures.push({ itemIdentifier: messageId }))
    }
    return { batchItemFailures }
  }
}

function awsPorts(config: ImporterSettings, { s3, sqs }: AwsClients, log: Log): Ports {
  const endpoint = kissmetricsEndpoint(config.endpoint, config.limits.maxInFlight)
  const events = eventsFor(withEndpointFigures(log, endpoint))
  const readKey = apiKeySource(config.apiKey, () => clock.now())
  const importQueue = sqsImportQueue(sqs, config.importQueueUrl)
  let isKeyChecked = false
  return {
    files: resuming(s3SourceFiles(s3), clock),
    tags: s3ObjectTags(s3),
    listing: s3Listing(s3, config.places, config.bucket),
    reports: s3Reports(s3, config.bucket),
    checkpoints: s3Checkpoints(s3, config.bucket),
    documents: s3Documents(s3, config.bucket),
    deadLetters: sqsDeadLetterQueue(sqs, config.deadLetterQueueUrl),
    deadLetterReader: sqsDeadLetterReader(sqs, config.deadLetterQueueUrl),
    archived: s3DeadLetterArchive(s3, config.bucket),
    bucket: config.bucket,
    importQueue,
    ...answerPorts(config, importQueue),
    endpoint,
    apiKey: async () => {
      const key = await readKey()
      if (!isKeyChecked && !isUsualKey(key)) events.unusualKey()
      isKeyChecked = true
      return key
    },
    clock,
    newRun: randomUUID,
    events,
    limits: config.limits,
  }
}

function answerPorts({ answers }: ImporterSettings, answerQueue: ImportQueue): Pick<Ports, 'answers' | 'answerQueue'> {
  if (answers === undefined) return {}
  const { topicArn, webhook, signingKey, link, stack } = answers
  const key =
    signingKey &&
    secretSource(signingKey, () => clock.now(), { holds: 'a key', store: 'the key that signs answers', placeholder: 'KEY' })
  const channels = [
    ...(topicArn === undefined ? [] : [answerTopic(topicArn)]),
    ...(webhook === undefined ? [] : [answerWebhook(webhook, key)]),
  ]
  return {
    answerQueue,
    answers: {
      channels,
      ...(link !== undefined && { link }),
      commandOptions: stack === undefined ? '' : ` --stack ${shellWord(stack)}`,
    },
  }
}

/** Counts how the endpoint answers whenever a checkpoint publishes the metrics: counting each request there would slow the import down. */
function withEndpointFigures(log: Log, endpoint: Pick<HttpEndpoint, 'takeFigures'>): Log {
  return {
    ...log,
    publish: () => {
      const { attempts, busy, errors, milliseconds, inFlight } = endpoint.takeFigures()
      log.count('EndpointRequests', attempts)
      log.count('EndpointBusy', busy)
      log.count('EndpointErrors', errors)
      log.count('EndpointInFlight', inFlight)
      for (const each of milliseconds) log.count('EndpointMilliseconds', Math.round(each))
      log.publish?.()
    },
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
