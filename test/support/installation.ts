import { mkdtemp, rm } from 'node:fs/promises'
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

/** The deployed wiring, with a visibility timeout that a test can wait for. */
export const TEST_WIRING: Wiring = {
  ...DEPLOYED,
  importQueue: { ...DEPLOYED.importQueue, visibilityTimeoutSeconds: 60 },
}

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  readonly sentence: string
  readonly facts: Facts
}

/** The whole importer in one process: embedded S3 and SQS over their wire, and the handler behind its event source. */
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

  /** @param endpoint where Kissmetrics is @param env further settings of the function @param options how long an invocation may last, how many there may be, and the time in the queues */
  static async start(
    endpoint: string,
    env: Readonly<Record<string, string>> = {},
    { timeoutMs = 60_000, concurrency = 2, now = Date.now } = {},
  ): Promise<Installation> {
    const dir = await mkdtemp(path.join(tmpdir(), 'km-installation-'))
    const cloud = await startLocalServices(dir, 0, TEST_WIRING, now)
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

  /** Calls the handler as Lambda would, without a queue in between. */
  invoke(event: unknown, remainingMs = 60_000): ReturnType<Handler> {
    return this.handler(event, { getRemainingTimeInMillis: () => remainingMs })
  }

  /** Drops a file and waits for its last report. */
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

  /** Takes all dead letters out of their queue, sorted by line. */
  async receiveDeadLetters(): Promise<readonly DeadLetter[]> {
    const deadLetters = (await this.takeDeadBodies()).map((body) => JSON.parse(body) as DeadLetter)
    return deadLetters.toSorted((a, b) => (a.source.line ?? 0) - (b.source.line ?? 0))
  }

  async takeDeadBodies(): Promise<readonly string[]> {
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

  /** As the console's "Start DLQ redrive" with a destination does. Resolves when all has been moved: who looks earlier would take it away. */
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

  /** Puts a message among the dead letters, as SQS does with one that was delivered too often. */
  async bury(body: string): Promise<void> {
    await this.cloud.sqs.send(new SendMessageCommand({ QueueUrl: this.cloud.deadLetterQueueUrl, MessageBody: body }))
  }

  /** Dead letters that came back so often, as soon as there are that many. */
  async rejectedDeadLetters(count: number, replays: number): Promise<readonly DeadLetter[]> {
    const deadLetters: DeadLetter[] = []
    return eventually('dead letters that came back', async () => {
      deadLetters.push(...(await this.receiveDeadLetters()).filter((deadLetter) => deadLetter.replays === replays))
      return deadLetters.length >= count ? deadLetters : undefined
    })
  }

  /** The first log entry with this code, as soon as there is one. */
  heard(code: string): Promise<LogEntry> {
    return eventually(code, () => Promise.resolve(this.entries.find(({ facts }) => facts.code === code)))
  }

  waitingMessages(): Promise<number> {
    return countMessages(this.cloud.sqs, this.cloud.importQueueUrl)
  }

  /** Until the import queue is empty and nothing is being imported. */
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

const PATIENCE_MS = 25_000

/** Looks again and again until there is something to see. @throws Error naming what never came, before the runner gives up */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, patienceMs = PATIENCE_MS): Promise<T> {
  const end = performance.now() + patienceMs
  while (performance.now() < end) {
    const seen = await look()
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${what}: it never came`)
}
