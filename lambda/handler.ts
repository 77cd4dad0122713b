import type { SQSBatchResponse, SQSRecord } from 'aws-lambda'
import { SQSClient } from '@aws-sdk/client-sqs'
import { clock } from './adapters/clock.ts'
import { endpointAt } from './adapters/endpoint.ts'
import { dropsIn, reportsIn, s3Client } from './adapters/s3.ts'
import { apiKeySource } from './adapters/secrets.ts'
import { deadLetterQueueAt, handBack } from './adapters/sqs.ts'
import { readConfig, type Config, type Env } from './config.ts'
import { OutageError, SetupError } from './errors.ts'
import { sayTo, type Log } from './events.ts'
import { importDrop } from './import.ts'
import { readEvent, readMessage, UnknownMessage, type Work } from './intake/message.ts'
import { replayLetter } from './replay.ts'
import type { World } from './world.ts'

/** Answers SQS with what has to come again, and a bare S3 event with nothing, or an error that makes Lambda send it again. */
export type Handler = (event: unknown) => Promise<SQSBatchResponse | undefined>

/** A message that failed once is seen again after this; each further time after twice as long. */
const FIRST_DELAY_SECONDS = 30
const LONGEST_DELAY_SECONDS = 900

/** Kissmetrics hands out keys of 40 hex digits. */
const USUAL_KEY = /^[0-9a-f]{40}$/i

/**
 * The importer as Lambda calls it, built from its environment.
 *
 * @throws SetupError where a setting is missing or out of its range: before the first event, never at line 40,000
 */
export function createHandler(env: Env, log: Log): Handler {
  const config = readConfig(env)
  const sqs = new SQSClient({})
  const world = realWorld(config, sqs, log)
  return async (event) => {
    const messages = sqsRecords(event)
    if (messages === undefined) {
      await carryOutAll(readEvent(event), world)
      return undefined
    }
    const batchItemFailures: { itemIdentifier: string }[] = []
    for (const message of messages) {
      if (await settleMessage(message, world)) continue
      batchItemFailures.push({ itemIdentifier: message.messageId })
      await comeAgain(message, sqs, config.importQueueUrl)
    }
    return { batchItemFailures }
  }
}

function realWorld(config: Config, sqs: SQSClient, log: Log): World {
  const s3 = s3Client()
  const say = sayTo(log)
  const readKey = apiKeySource(config.apiKey, () => clock.now())
  let isKeyChecked = false
  return {
    drops: dropsIn(s3),
    reports: reportsIn(s3),
    deadLetters: deadLetterQueueAt(sqs, config.deadLetterQueueUrl),
    endpoint: endpointAt(config.endpoint, config.maxInFlight),
    apiKey: async () => {
      const key = await readKey()
      if (!isKeyChecked && !USUAL_KEY.test(key)) say.unusualKey()
      isKeyChecked = true
      return key
    },
    clock,
    say,
    limits: config,
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

/** @returns whether the message may be acknowledged */
async function settleMessage({ body }: SQSRecord, world: World): Promise<boolean> {
  try {
    await carryOutAll(readMessage(body), world)
    return true
  } catch (error) {
    sayWhy(error, world)
    return false
  }
}

/** A message is done when all that it asks for is done; what was done before a failure is recognised when it comes again. */
async function carryOutAll(works: readonly Work[], world: World): Promise<void> {
  for (const work of works) {
    switch (work.kind) {
      case 'drop':
        await importDrop(work.drop, work.replays, world)
        break
      case 'letter':
        await replayLetter(work.letter, world)
        break
      case 'ignored':
        world.say.ignored(work.why)
    }
  }
}

function sayWhy(error: unknown, { say }: World): void {
  if (error instanceof SetupError) say.setupWrong(error.message)
  else if (error instanceof OutageError) say.outage(error.message)
  else if (error instanceof UnknownMessage) say.unknownMessage(error.message)
  else if (error instanceof Error) say.crashed(error.name, error.message, error.stack)
  else say.crashed('not an Error', String(error), undefined)
}

/** Sooner than the queue's own visibility timeout, which is long, so that a short outage costs a short wait. */
async function comeAgain({ receiptHandle, attributes }: SQSRecord, sqs: SQSClient, queueUrl: string): Promise<void> {
  const deliveries = Number(attributes.ApproximateReceiveCount) || 1
  const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (deliveries - 1))
  // Where SQS does not take this either, the message comes again by itself when its visibility timeout ends.
  await handBack(sqs, queueUrl, receiptHandle, delaySeconds).catch(() => undefined)
}
