import { setTimeout as delay } from 'node:timers/promises'
import type { Deployment } from '../deployment/deployment.ts'
import { countMessages } from '../deployment/queue-depth.ts'
import { deadLetterRetentionMs } from '../deployment/retention.ts'
import { scanDeadLetters } from '../rejects/scan.ts'
import { EXPIRING_SOON_MS } from '../rejects/summary.ts'
import type { RejectedFilter, RejectedPage } from './api-types.ts'
import { DeadLetterTable, type PageRange, type TablePage } from './dead-letter-table.ts'
import { withOpenLines } from './rejected-row.ts'

/** A read hides the dead letters from other readers. After each read, the queue is left alone for this many times its duration. */
const REST_FACTOR = 2
const READ_START_POLL_MS = 20

interface CacheTiming {
  /** How long the first request waits for the end of the first read; then it shows what was read so far. */
  readonly firstReadPatienceMs: number
  readonly minRestMs: number
  /** While others hold dead letters, the queue is read again after this time. */
  readonly inUseRestMs: number
}

const TIMING: CacheTiming = { firstReadPatienceMs: 200, minRestMs: 2_000, inUseRestMs: 15_000 }

interface Snapshot {
  readonly table: DeadLetterTable
  readonly readAt: Date
  readonly isComplete: boolean
  /** Dead letters that others held. */
  readonly inUse: number
  /** Messages in the queue when it was read, as SQS counts them. */
  readonly queueCount: number
  readonly durationMs: number
}

/** The dead letters as of the last read. A read takes the messages out of the queue for a moment, so the queue is not read for each click. */
export class DeadLetterCache implements AsyncDisposable {
  readonly #deployment: Deployment
  readonly #timing: CacheTiming
  readonly #stopping = new AbortController()
  #snapshot: Snapshot | undefined
  /** What the running read has found so far. */
  #partial: DeadLetterTable | undefined
  /** The running read, or an action that must not overlap with one. */
  #running: Promise<void> | undefined

  constructor(deployment: Deployment, timing: Partial<CacheTiming> = {}) {
    this.#deployment = deployment
    this.#timing = { ...TIMING, ...timing }
  }

  /** One page of the last read. Starts another read in the background if the queue has changed. During the first read: what was read so far. */
  async page(filter: RejectedFilter, range: PageRange): Promise<RejectedPage> {
    const soon = expiringBefore()
    const current = this.#current()
    if (this.#snapshot === undefined) await Promise.race([current, this.#pause(this.#timing.firstReadPatienceMs)])
    while (this.#snapshot === undefined && this.#partial?.isEmpty !== false && !this.#stopping.signal.aborted)
      await Promise.race([current, this.#pause(READ_START_POLL_MS)])
    if (this.#snapshot === undefined && this.#partial !== undefined) {
      current.catch(() => undefined) // the next request gets the error
      const readAt = new Date().toISOString()
      return {
        readAt,
        isRefreshing: true,
        isComplete: false,
        inUse: 0,
        ...(await this.#open(this.#partial.page(filter, range, soon))),
      }
    }
    const { table, readAt, isComplete, inUse } = await current
    return {
      readAt: readAt.toISOString(),
      isRefreshing: this.#running !== undefined,
      isComplete,
      inUse,
      ...(await this.#open(table.page(filter, range, soon))),
    }
  }

  /** How many expire soon. @returns undefined before the first read, which the first call starts */
  expiringSoon(): number | undefined {
    if (this.#snapshot === undefined) void this.refresh().catch(() => undefined) // a request for a page gets the error
    return this.#snapshot?.table.countExpiring(expiringBefore())
  }

  /** The dead letters of the last read, to select from. */
  async table(): Promise<DeadLetterTable> {
    return (await this.#current()).table
  }

  /** Reads the queue now, or waits for the read that runs. */
  refresh(): Promise<void> {
    this.#running ??= this.#read().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Makes the next request start a read. */
  invalidate(): void {
    if (this.#snapshot !== undefined) this.#snapshot = { ...this.#snapshot, queueCount: NaN }
  }

  /** Runs `action` while no read runs: a read would hide the dead letters from it. */
  async exclusively<T>(action: () => Promise<T>): Promise<T> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    const acting = action()
    this.#running = acting
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.#running = undefined
      })
    return acting
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#running?.catch(() => undefined)
    this.#snapshot?.table[Symbol.dispose]()
  }

  async #open({ rows, ...page }: TablePage): Promise<Omit<RejectedPage, 'readAt' | 'isRefreshing' | 'isComplete' | 'inUse'>> {
    return { ...page, rows: await Promise.all(rows.map((row) => withOpenLines(row, this.#deployment))) }
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }

  async #current(): Promise<Snapshot> {
    if (this.#snapshot === undefined) await this.refresh()
    else if (this.#running === undefined && this.#isRested(this.#snapshot) && (await this.#hasChanged(this.#snapshot)))
      void this.refresh().catch(() => undefined) // the page shows the old snapshot; an explicit refresh gets the error
    if (this.#snapshot === undefined) throw new Error('the console is stopping')
    return this.#snapshot
  }

  #isRested({ readAt, durationMs }: Snapshot): boolean {
    return Date.now() - readAt.getTime() >= Math.max(this.#timing.minRestMs, durationMs * REST_FACTOR)
  }

  async #hasChanged({ queueCount, inUse, readAt }: Snapshot): Promise<boolean> {
    // The count does not change when others release what they held.
    if (inUse > 0 && Date.now() - readAt.getTime() >= this.#timing.inUseRestMs) return true
    return (await countMessages(this.#deployment.sqs, this.#deployment.deadLetterQueueUrl)) !== queueCount
  }

  async #read(): Promise<void> {
    const startedAt = Date.now()
    const queueCount = await countMessages(this.#deployment.sqs, this.#deployment.deadLetterQueueUrl)
    const table = new DeadLetterTable({
      retentionMs: await deadLetterRetentionMs(this.#deployment),
      deployment: this.#deployment,
    })
    this.#partial = table
    try {
      await using selection = await scanDeadLetters(
        this.#deployment,
        (deadLetter) => {
          table.add(deadLetter)
          return false
        },
        this.#stopping.signal,
      )
      const now = Date.now()
      this.#snapshot?.table[Symbol.dispose]()
      this.#snapshot = {
        table,
        readAt: new Date(now),
        isComplete: selection.isComplete,
        inUse: selection.inUse,
        queueCount,
        durationMs: now - startedAt,
      }
    } catch (error) {
      table[Symbol.dispose]()
      throw error
    } finally {
      this.#partial = undefined
    }
  }
}

function expiringBefore(): string {
  return new Date(Date.now() + EXPIRING_SOON_MS).toISOString()
}
