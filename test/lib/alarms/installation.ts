import { Readable } from 'node:stream'
import { eventsFor, type Log } from '../../../lambda/events.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { ARCHIVE_SCHEMA, METRICS_NAMESPACE, RECONCILE_SCHEMA } from '../../../lambda/keys.ts'
import type { Ports } from '../../../lambda/ports.ts'
import { FILE, invocation, MemoryCloud } from '../../support/memory-cloud.ts'
import { Recorded } from './recorded.ts'

const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const POLL_MS = 60_000
const CONCURRENCY = 2
const MAX_RECEIVES = 5
/** The visibility timeout of the queue, for an invocation that dies. */
const HIDDEN_MS = 90 * MINUTE_MS

interface Message {
  readonly body: string
  readonly sentAt: number
  visibleAt: number
  deliveries: number
}

interface WaitingDeadLetter {
  readonly body: string
  readonly sentAt: number
  hiddenUntil: number
  readonly receipt: string
}

/**
 * A deployed importer over simulated days. The importer's own code runs and counts its own metrics, on a virtual clock, with S3 and the
 * endpoint in memory.
 *
 * Modelled after AWS's documentation: SQS (delays, visibility, dead-letter queue, age of the oldest message), two concurrent invocations,
 * Lambda's metrics Errors and Throttles, the daily messages of the stack. It leaves out the time limit of an invocation.
 */
export class Installation {
  readonly cloud = new MemoryCloud({ limits: { maxInFlight: 8, checkpointMs: 5_000 }, jumpsPerTurn: 64 })
  readonly recorded = new Recorded()
  readonly start = this.cloud.clock.now()
  /** Changes the ports that an invocation gets. */
  adapt: (ports: Ports) => Ports = (ports) => ports
  /** Lambda starts no invocation while this is set. */
  isThrottled = false
  /** The function ends without an answer: out of memory, for example. */
  isDying = false
  /** The import queue was deleted: nobody can send to it. */
  isQueueDeleted = false
  /** SQS loses the messages that are sent and match. */
  loses: (body: string) => boolean = () => false
  readonly #objects = new Map<string, { readonly bytes: Buffer; readonly at: number }>()
  readonly #queue = new Set<Message>()
  #deadLetters: WaitingDeadLetter[] = []
  #received = 0
  #end = Infinity

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.cloud.clock.now() - this.start
  }

  /** Uploads a file, and sends its event as S3 does. */
  upload(name: string, ...lines: readonly string[]): void {
    const now = this.cloud.clock.now()
    const key = `incoming/${name}`
    this.#objects.set(key, { bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')), at: now })
    const s3 = { bucket: { name: FILE.bucket }, object: { key, versionId: 'v1' } }
    const eventTime = new Date(now).toISOString()
    this.#send(JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', eventTime, s3 }] }), 0)
  }

  /** A person fixes and replays what is in the dead-letter queue. */
  emptyDeadLetterQueue(): void {
    this.#deadLetters = []
  }

  /** Runs until the end of the last day. @param script what happens, by hours since the start */
  async run(days: number, script: readonly (readonly [atHour: number, act: () => void])[]): Promise<void> {
    this.#end = this.start + days * DAY_MS
    const daily = Array.from({ length: days }, (_, day) => (day + 0.1) * 24)
    const acts = [
      ...script,
      ...daily.flatMap(
        (hour) =>
        [RECONCILE_SCHEMA, ARCHIVE_SCHEMA].map((schema) => [hour, () => { this.#sendDaily(schema) }] as const), // prettier-ignore
      ),
    ].toSorted(([a], [b]) => a - b)
    const work = Array.from({ length: CONCURRENCY }, () => this.#poll())
    await Promise.all([...work, this.#play(acts), this.#observeQueue()])
  }

  #sendDaily(schema: string): void {
    // One rule for each schema; the alarm looks at the one of the search.
    if (this.isQueueDeleted && schema === RECONCILE_SCHEMA)
      this.recorded.add('AWS/Events/FailedInvocations', 1, this.cloud.clock.now())
    this.#send(JSON.stringify({ schema }), 0)
  }

  async #play(acts: readonly (readonly [atHour: number, act: () => void])[]): Promise<void> {
    for (const [hour, act] of acts) {
      await this.cloud.clock.sleep(this.start + hour * HOUR_MS - this.cloud.clock.now())
      act()
    }
  }

  /** SQS reports the age of the oldest message that was not deleted. A delayed message is not in the queue yet. */
  async #observeQueue(): Promise<void> {
    const everyMs = 5 * MINUTE_MS
    for (let now = this.cloud.clock.now(); now < this.#end; now = this.cloud.clock.now()) {
      if (this.isQueueDeleted) {
        await this.cloud.clock.sleep(everyMs)
        continue
      }
      const ages = [...this.#queue]
        .filter(({ visibleAt, deliveries }) => deliveries > 0 || visibleAt <= now)
        .map(({ sentAt }) => now - sentAt)
      this.recorded.add('AWS/SQS/Queue/ApproximateAgeOfOldestMessage', Math.max(0, ...ages) / 1000, now)
      await this.cloud.clock.sleep(everyMs)
    }
  }

  async #poll(): Promise<void> {
    const { clock } = this.cloud
    for (let now = clock.now(); now < this.#end; now = clock.now()) {
      const message = [...this.#queue].find(({ visibleAt }) => visibleAt <= now)
      if (message === undefined) await clock.sleep(POLL_MS)
      else if (this.isThrottled) {
        this.recorded.add('AWS/Lambda/Throttles', 1, now)
        await clock.sleep(POLL_MS)
      } else await this.#deliver(message)
    }
  }

  async #deliver(message: Message): Promise<void> {
    const { clock } = this.cloud
    message.deliveries += 1
    if (message.deliveries > MAX_RECEIVES) {
      this.#queue.delete(message)
      this.#addDeadLetter(message.body, message.sentAt)
      return
    }
    message.visibleAt = clock.now() + HIDDEN_MS
    this.recorded.add('AWS/Lambda/Errors', this.isDying ? 1 : 0, clock.now())
    if (this.isDying) {
      message.visibleAt = clock.now() + 3 * MINUTE_MS
      await clock.sleep(MINUTE_MS)
      return
    }
    const ports = this.adapt(this.#ports())
    const extra = { messageId: String(message.sentAt), deliveries: message.deliveries }
    const handled = await handleMessage(() => readMessage(message.body), ports, invocation(extra))
    if (handled.isAcknowledged) this.#queue.delete(message)
    else message.visibleAt = clock.now() + handled.againSeconds * 1000
  }

  #send(body: string, delaySeconds: number): void {
    const now = this.cloud.clock.now()
    if (!this.isQueueDeleted && !this.loses(body))
      this.#queue.add({ body, sentAt: now, visibleAt: now + delaySeconds * 1000, deliveries: 0 })
  }

  #addDeadLetter(body: string, sentAt: number): void {
    this.#received += 1
    this.#deadLetters.push({ body, sentAt, hiddenUntil: 0, receipt: String(this.#received) })
  }

  #ports(): Ports {
    const { clock, ports } = this.cloud
    const hide = (receipts: readonly { readonly receipt: string }[], until: number) => {
      for (const each of this.#deadLetters) if (receipts.some(({ receipt }) => receipt === each.receipt)) each.hiddenUntil = until
    }
    return {
      ...ports,
      files: {
        open: async ({ key }, { start, end } = { start: 0 }) => {
          await clock.sleep(20)
          const found = this.#objects.get(key)
          if (found === undefined) return { kind: 'gone' }
          const body = Readable.from([found.bytes.subarray(start, end)])
          return { kind: 'open', body, bytes: found.bytes.length, etag: 'e', lastModified: new Date(found.at) }
        },
      },
      listing: { ...ports.listing, pages: () => this.#listed() },
      importQueue: {
        send: async (body, delaySeconds) => {
          await clock.sleep(20)
          this.#send(body, delaySeconds)
        },
      },
      deadLetters: {
        sendBatch: async (batch) => {
          await clock.sleep(20)
          for (const { body } of batch) this.#addDeadLetter(body, clock.now())
          return []
        },
      },
      deadLetterReader: {
        take: async (hiddenSeconds) => {
          await clock.sleep(20)
          const taken = this.#deadLetters.filter(({ hiddenUntil }) => hiddenUntil <= clock.now()).slice(0, 10)
          hide(taken, clock.now() + hiddenSeconds * 1000)
          return taken.map(({ receipt, body, sentAt }) => ({ id: receipt, receipt, body, sentAt: new Date(sentAt) }))
        },
        keepHidden: (deadLetters) => Promise.resolve(deadLetters),
        putBack: (deadLetters) => {
          hide(deadLetters, 0)
          return Promise.resolve()
        },
        remove: (deadLetters) => {
          this.#deadLetters = this.#deadLetters.filter((each) => deadLetters.every(({ receipt }) => receipt !== each.receipt))
          return Promise.resolve()
        },
      },
      events: eventsFor(this.#log()),
    }
  }

  async *#listed() {
    await this.cloud.clock.sleep(20)
    yield [...this.#objects].map(([key, { at }]) => ({
      file: { ...FILE, key, etag: 'e' },
      lastModified: new Date(at),
      isLatest: true,
    }))
  }

  #log(): Log {
    const silent = () => undefined
    return {
      info: silent,
      warn: silent,
      error: silent,
      count: (metric, value, by) => {
        if (by === undefined) this.recorded.add(`${METRICS_NAMESPACE}/${metric}`, value, this.cloud.clock.now())
      },
    }
  }
}
