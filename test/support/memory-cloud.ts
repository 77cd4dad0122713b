import { Readable } from 'node:stream'
import type { Answer } from '../../lambda/deliver/classify.ts'
import { eventsFor, type EventFacts, type Log } from '../../lambda/events.ts'
import { readMessage } from '../../lambda/intake/message.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import type { Task } from '../../lambda/intake/task.ts'
import { checkpointKey, isReplayFile, reportKey, REPORTS_PREFIX } from '../../lambda/keys.ts'
import type { Absence, Answers, Invocation, ListedFile, ListedReport, Ports, QueuedDeadLetter } from '../../lambda/ports.ts'
import { REPORT_SCHEMA, type Report } from '../../lambda/report/report.ts'
import { refuseNewer } from '../../lambda/common/schema.ts'
import { HOLD_NOTHING } from '../../lambda/settings/hold.ts'
import type { Limits } from '../../lambda/settings/settings.ts'
import type { Checkpoint } from '../../lambda/settle/checkpoint.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { VirtualClock } from './virtual-clock.ts'
import { promisedEndpoint } from './promised-endpoint.ts'

export const FILE: SourceFile = { bucket: 'b', key: 'incoming/a.json', versionId: 'v1', etag: 'e' }

export const ACCEPTED: Answer = { kind: 'status', status: 200, contentType: 'image/gif' }
export const DOWN: Answer = { kind: 'no-answer', code: 'ECONNREFUSED' }

const LAST_MODIFIED = new Date('2026-01-01T00:00:00Z')
const LATENCY_MS = 20

/** A line that is valid. @param n makes it different from the others */
export function goodLine(n = 1): string {
  return `{"_p":"p${n}","_t":1393344604,"_n":"e"}`
}

/** A line that is rejected with `missing_timestamp`. */
export const BAD_LINE = '{"_p":"p","_n":"e"}'

interface Document {
  readonly text: string
  readonly tag: string
  readonly writtenAt: Date
}

interface QueuedMessage {
  readonly task: Task
  readonly delaySeconds: number
}

/** A call that is made to fail, by its name. */
type Call =
  | 'files.open'
  | 'tags.find'
  | 'reports.replace'
  | 'checkpoints.put'
  | 'documents.find'
  | 'documents.put'
  | 'importQueue.send'
  | 'deadLetters.sendBatch'
  | 'archived.put'

export interface MemoryCloudOptions {
  readonly limits?: Partial<Limits>
  readonly answer?: (path: string) => Answer
  /** See VirtualClock. */
  readonly jumpsPerTurn?: number
  /** Where answers about files are pushed. @default nowhere */
  readonly answers?: Answers
}

/** S3, SQS and Kissmetrics in memory, on a virtual clock: the ports of a job, and everything that it has written. */
export class MemoryCloud {
  readonly clock: VirtualClock
  /** The object that FILE names, or why it cannot be read. */
  object: Buffer | Absence = 'gone'
  /** The tags of the object. */
  readonly tags = new Map<string, string>()
  /** The replay that uploaded the object, if it was one. */
  replay: string | undefined
  /** Called before each write of a document, with its key. It can throw. */
  onWrite: (key: string) => void = () => undefined
  /** The size of the chunks that a body arrives in. */
  chunkBytes = 65_536
  readonly documents = new Map<string, Document>()
  readonly queued: QueuedMessage[] = []
  /** The messages that were sent to the import queue, as they are. */
  readonly sent: { readonly body: string; readonly delaySeconds: number }[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly archivedFiles = new Map<string, string>()
  /** What the dead-letter queue contains, for jobs that read it. */
  readonly waiting: QueuedDeadLetter[] = []
  listed: readonly ListedFile[] = []
  /** The paths of all requests. */
  readonly requests: string[] = []
  readonly events: { readonly level: 'info' | 'warn' | 'error'; readonly facts: EventFacts }[] = []
  /** The metrics that were counted, without their dimensions. */
  readonly counted: { readonly metric: string; readonly value: number }[] = []
  /** These calls fail. */
  readonly failing = new Set<Call>()
  readonly ports: Ports
  answer: (path: string) => Answer
  #writes = 0
  #runs = 0

  constructor({ limits = {}, answer = () => ACCEPTED, jumpsPerTurn = 1, answers }: MemoryCloudOptions = {}) {
    this.clock = new VirtualClock(1, { jumpsPerTurn })
    this.answer = answer
    const ports = this.#ports({
      maxInFlight: 4,
      maxLineBytes: 1_024,
      maxLinesPerSecond: 0,
      segmentBytes: 1_000_000,
      checkpointMs: 1_000,
      deadlineMarginMs: 0,
      hold: HOLD_NOTHING,
      ...limits,
    })
    this.ports = answers === undefined ? ports : { ...ports, answers, answerQueue: ports.importQueue }
  }

  /** Stores an object under the key of FILE, with these lines. */
  put(...lines: readonly string[]): void {
    this.object = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  }

  get report(): Report | undefined {
    return this.read(reportKey(FILE)) as Report | undefined
  }

  checkpoint(part: number | 'plan' = 1): Checkpoint | undefined {
    return this.read(checkpointKey(FILE, part)) as Checkpoint | undefined
  }

  read(key: string): unknown {
    const document = this.documents.get(key)
    return document && (JSON.parse(document.text) as unknown)
  }

  write(key: string, value: object): void {
    this.#put(key, value)
  }

  /** The codes of the events so far. */
  get codes(): readonly string[] {
    return this.events.map(({ facts }) => facts.code)
  }

  #ports(limits: Limits): Ports {
    return {
      files: {
        open: async (file, { start, end } = { start: 0 }) => {
          await this.#call('files.open')
          if (typeof this.object === 'string') return { kind: this.object }
          const { object } = this
          const bytes = object.subarray(start, end)
          const body = Readable.from(chunksOf(bytes, this.chunkBytes), { highWaterMark: 1 })
          return {
            kind: 'open',
            body,
            bytes: this.object.length,
            etag: 'e',
            lastModified: LAST_MODIFIED,
            name: file.key,
            readEnd: (length) => Promise.resolve({ tail: object.subarray(-length), fileBytes: object.length }),
            ...(this.replay !== undefined && isReplayFile(file.key) && { replay: this.replay }),
          }
        },
      },
      tags: {
        find: async () => {
          await this.#call('tags.find')
          return typeof this.object === 'string' ? undefined : this.tags
        },
      },
      listing: {
        pages: (_after, { prefix } = { bucket: '', prefix: '' }) =>
          onePage(this.listed.filter(({ file }) => file.key.startsWith(prefix))),
        scope: 's3://b/incoming/',
        reportsFrom: (first) => onePage(this.#reportsFrom(first)),
      },
      reports: {
        find: async (_bucket, key) => {
          await this.#call()
          const found = this.documents.get(key)
          const report = found && (JSON.parse(found.text) as Report)
          refuseNewer(report, REPORT_SCHEMA, key)
          return found && report && { report, tag: found.tag, writtenAt: found.writtenAt }
        },
        replace: async (_bucket, key, report, tag) => {
          await this.#call('reports.replace')
          this.onWrite(key)
          return this.documents.get(key)?.tag === tag ? this.#put(key, report) : undefined
        },
      },
      checkpoints: {
        find: async ({ key }) => {
          await this.#call()
          const found = this.documents.get(key)
          return found && { value: JSON.parse(found.text) as unknown, tag: found.tag }
        },
        put: async ({ key }, value, expected) => {
          await this.#call('checkpoints.put')
          this.onWrite(key)
          return this.documents.get(key)?.tag === expected ? this.#put(key, value) : undefined
        },
      },
      documents: {
        find: async ({ key }) => {
          await this.#call('documents.find')
          const found = this.documents.get(key)
          return found && { value: JSON.parse(found.text) as unknown, tag: found.tag }
        },
        put: async ({ key }, value, expected) => {
          await this.#call('documents.put')
          this.onWrite(key)
          return this.documents.get(key)?.tag === expected ? this.#put(key, value) : undefined
        },
      },
      deadLetters: {
        sendBatch: async (batch) => {
          await this.#call('deadLetters.sendBatch')
          this.deadLetters.push(...batch.map(({ body }) => JSON.parse(body) as DeadLetter))
          return []
        },
      },
      deadLetterReader: {
        take: async () => {
          await this.#call()
          return this.waiting.splice(0, 10)
        },
        keepHidden: (deadLetters) => Promise.resolve(deadLetters),
        putBack: () => Promise.resolve(),
        remove: () => Promise.resolve(),
      },
      archived: {
        put: async (_bucket, key, text) => {
          await this.#call('archived.put')
          this.archivedFiles.set(key, text)
        },
      },
      bucket: FILE.bucket,
      importQueue: {
        send: async (body, delaySeconds) => {
          await this.#call('importQueue.send')
          this.sent.push({ body, delaySeconds })
          for (const work of readMessage(body)) if (work.kind === 'task') this.queued.push({ task: work.task, delaySeconds })
        },
      },
      endpoint: promisedEndpoint(async ({ path }) => {
        await this.clock.sleep(LATENCY_MS)
        this.requests.push(path)
        return this.answer(path)
      }),
      apiKey: () => Promise.resolve('k'),
      clock: this.clock,
      newRun: () => `run-${(this.#runs += 1)}`,
      events: eventsFor(this.#log()),
      limits,
    }
  }

  #reportsFrom(first: string): readonly ListedReport[] {
    return [...this.documents]
      .filter(([key]) => key.startsWith(REPORTS_PREFIX) && key >= first)
      .map(([key, { writtenAt }]) => ({ key, writtenAt }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  async #call(name?: Call): Promise<void> {
    await this.clock.sleep(LATENCY_MS)
    if (name !== undefined && this.failing.has(name)) throw new Error(`${name} failed`)
  }

  #put(key: string, value: object): string {
    this.#writes += 1
    const tag = `"${this.#writes}"`
    this.documents.set(key, { text: JSON.stringify(value), tag, writtenAt: new Date(this.clock.now()) })
    return tag
  }

  #log(): Log {
    const at = (level: 'info' | 'warn' | 'error') => (_sentence: string, facts: EventFacts) => {
      this.events.push({ level, facts })
    }
    return {
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      count: (metric, value) => this.counted.push({ metric, value }),
    }
  }
}

/** The import rules of an import that has none. */
export const noRules = (): Promise<readonly []> => Promise.resolve([])

/** The invocation that works on message `m` in its first delivery. */
export function invocation(extra: Partial<Invocation> = {}): Invocation {
  return {
    messageId: 'm',
    deliveries: 1,
    ending: new AbortController().signal,
    holdsMessage: () => Promise.resolve(true),
    ...extra,
  }
}

function* chunksOf(bytes: Buffer, length: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length)
}

async function* onePage<T>(page: readonly T[]): AsyncGenerator<readonly T[]> {
  yield await Promise.resolve(page)
}
