import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { GetObjectCommand, PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3'
import {
  DeleteMessageCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../cli/local/services.ts'
import { EventSource } from '../../cli/local/event-source.ts'
import { announce } from '../../cli/deployment/running.ts'
import { countMessages } from '../../cli/deployment/queue-depth.ts'
import { readSettings } from '../../lib/settings.ts'
import { wiringOf, type Wiring } from '../../lib/wiring.ts'
import type { Facts, Log } from '../../lambda/events.ts'
import { createHandler, type Handler } from '../../lambda/app.ts'
import { reportKey } from '../../lambda/keys.ts'
import { isFinal, type Report } from '../../lambda/report/report.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'

export const API_KEY = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00'

const DEPLOYED = wiringOf(readSettings({}))

/** The wiring of the stack, with a visibility timeout that a test can wait for. */
export const TEST_WIRING: Wiring = {
  ...DEPLOYED,
  importQueue: { ...DEPLOYED.importQueue, visibilityTimeoutSeconds: 60 },
}

/** A long poll of an empty queue ends after a twentieth of its wait. One that gets a message never waited to its end. */
export const QUICK_WAITS = 0.05

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  readonly sentence: string
  readonly facts: Facts
}

/** The whole importer in one process: the S3 and SQS emulators over HTTP, and the handler behind an event source. */
export class Installation implements AsyncDisposable {
  readonly cloud: LocalServices
  readonly handler: Handler
  readonly entries: readonly LogEntry[]
  readonly #source: EventSource
  readonly #dir: string

  private constructor(cloud: LocalServices, handler: Handler, entries: readonly LogEntry[], source: EventSource, dir: string) {
    this.cloud = cloud
    this.handler = handler
    this.entries = entries
    this.#source = source
    this.#dir = dir
  }

  /** @param endpoint URL of Kissmetrics @param env more settings of the function @param options timeout and number of invocations, and the clock and the waits of the queues */
  static async start(
    endpoint: string,
    env: Readonly<Record<string, string>> = {},
    { timeoutMs = 60_000, concurrency = 2, now = Date.now, waitScale = QUICK_WAITS } = {},
  ): Promise<Installation> {
    const dir = await mkdtemp(path.join(tmpdir(), 'km-installation-'))
    const cloud = await startLocalServices(dir, 0, TEST_WIRING, { now, waitScale })
    const entries: LogEntry[] = []
    const handler = createHandler(
      {
        KM_ENDPOINT: endpoint,
        KM_API_KEY: API_KEY,
        KM_IMPORT_QUEUE_URL: cloud.importQueueUrl,
        KM_DEAD_LETTER_QUEUE_URL: cloud.deadLetterQueueUrl,
        KM_BUCKET: BUCKET,
        KM_CHECKPOINT_SECONDS: '1',
        KM_DEADLINE_MARGIN_SECONDS: '1',
        ...env,
      },
      recorder(entries),
    )
    const source = new EventSource(cloud.sqs, handler, {
      queueUrl: cloud.importQueueUrl,
      queueArn: cloud.importQueueArn,
      batchSize: 1,
      timeoutMs,
      concurrency,
      onError: (error) => entries.push({ level: 'error', sentence: String(error), facts: {} }),
    })
    return new Installation(cloud, handler, entries, source, dir)
  }

  /** Makes the commands find it with this state folder, until the result is disposed of. */
  async announceIn(stateDir: string): Promise<AsyncDisposable> {
    await copyFile(path.join(this.#dir, 'credentials.json'), path.join(stateDir, 'credentials.json'))
    return announce(stateDir, this.cloud)
  }

  /** Calls the handler as Lambda does for an event without a queue. */
  invoke(event: unknown, remainingMs = 60_000): ReturnType<Handler> {
    return this.handler(event, { getRemainingTimeInMillis: () => remainingMs })
  }

  /** Uploads a file and waits for its final report. */
  async import(name: string, body: string | Buffer, extra: Partial<PutObjectCommandInput> = {}): Promise<Report> {
    const key = `incoming/${name}`
    const { VersionId } = await this.cloud.s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: Buffer.from(body), ...extra }),
    )
    return this.finalReport(key, VersionId)
  }

  async finalReport(key: string, versionId: string | undefined): Promise<Report> {
    const where = reportKey({ bucket: BUCKET, key, ...(versionId !== undefined && { versionId }) })
    return eventually(`the final report of ${key}`, async () => {
      const report = await this.findReport(where)
      return report !== undefined && isFinal(report) ? report : undefined
    })
  }

  async findReport(where: string): Promise<Report | undefined> {
    try {
      const { Body } = await this.cloud.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: where }))
      return Body && (JSON.parse(await Body.transformToString()) as Report)
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined
      throw error
    }
  }

  /** Receives and deletes all dead letters, sorted by line. */
  async receiveDeadLetters(): Promise<readonly DeadLetter[]> {
    const deadLetters = (await this.receiveDeadLetterBodies()).map((body) => JSON.parse(body) as DeadLetter)
    return deadLetters.toSorted((a, b) => (a.source.line ?? 0) - (b.source.line ?? 0))
  }

  async receiveDeadLetterBodies(): Promise<readonly string[]> {
    const { sqs, deadLetterQueueUrl: QueueUrl } = this.cloud
    const bodies: string[] = []
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
      if (Messages.length === 0) return bodies
      for (const { Body = '', ReceiptHandle } of Messages) {
        bodies.push(Body)
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
      }
    }
  }

  /** The same as "Start DLQ redrive" in the AWS console. Resolves when all messages have been moved. */
  async redrive(): Promise<void> {
    const { sqs, importQueueArn } = this.cloud
    const SourceArn = importQueueArn.replace(/[^:]+$/, 'dead-letters')
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: importQueueArn }))
    await eventually('the end of the redrive', async () => {
      const { Results } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }))
      return Results?.[0]?.Status === 'COMPLETED' ? true : undefined
    })
  }

  async sendToImportQueue(body: string): Promise<void> {
    await this.cloud.sqs.send(new SendMessageCommand({ QueueUrl: this.cloud.importQueueUrl, MessageBody: body }))
  }

  /** Puts a message into the dead-letter queue, as SQS does with a message that was received too often. */
  async putIntoDeadLetterQueue(body: string): Promise<void> {
    await this.cloud.sqs.send(new SendMessageCommand({ QueueUrl: this.cloud.deadLetterQueueUrl, MessageBody: body }))
  }

  /** Waits for this many dead letters with this number of replays. */
  async rejectedDeadLetters(count: number, replays: number): Promise<readonly DeadLetter[]> {
    const deadLetters: DeadLetter[] = []
    return eventually(`${count} dead letters after ${replays} replays`, async () => {
      deadLetters.push(...(await this.receiveDeadLetters()).filter((deadLetter) => deadLetter.replays === replays))
      return deadLetters.length >= count ? deadLetters : undefined
    })
  }

  /** Waits for the first log entry with this code. */
  logged(code: string): Promise<LogEntry> {
    return eventually(code, () => Promise.resolve(this.entries.find(({ facts }) => facts.code === code)))
  }

  waitingMessages(): Promise<number> {
    return countMessages(this.cloud.sqs, this.cloud.importQueueUrl)
  }

  /** Whether no invocation is running. */
  get isIdle(): boolean {
    return this.#source.isIdle
  }

  /** Waits until the import queue is empty and no invocation is running. */
  async idle(): Promise<void> {
    await eventually('an empty import queue', async () => {
      const left = await countMessages(this.cloud.sqs, this.cloud.importQueueUrl)
      return left === 0 && this.#source.isIdle ? true : undefined
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.stop()
    await this.cloud.stop()
    await rm(this.#dir, { recursive: true, force: true })
  }
}

function recorder(entries: LogEntry[]): Log {
  const note = (level: LogEntry['level']) => (sentence: string, facts: Facts) => {
    entries.push({ level, sentence, facts })
  }
  return { info: note('info'), warn: note('warn'), error: note('error'), count: () => undefined }
}

/** Less than testTimeout in jest.config.js, so that the error names what was missing. */
const MAX_WAIT_MS = 200_000

/** Polls until `look` returns something. @throws Error that names what did not happen in time */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, maxWaitMs = MAX_WAIT_MS): Promise<T> {
  const end = performance.now() + maxWaitMs
  while (performance.now() < end) {
    const seen = await look()
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${what}: not within ${maxWaitMs / 1000} s`)
}
