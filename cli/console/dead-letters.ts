import { setTimeout as delay } from 'node:timers/promises'
import { scanDeadLetters } from '../rejects/scan.ts'
import { EXPIRING_SOON_MS } from '../rejects/summary.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { deadLetterRetentionMs } from '../deployment/retention.ts'
import { countMessages } from '../deployment/queue-depth.ts'
import { DeadLetterTable, type Page } from './dead-letter-table.ts'
import type { RejectedFilter, DeadLetterPage } from './api-types.ts'

/** While letters are looked at nobody else sees them: so many times as long as that takes, they are left alone. */
const REST_FACTOR = 2
const SHORTEST_REST_MS = 2_000
/** Who looks for the first time is shown what was seen by then. */
const FIRST_LOOK_MS = 2_500
const BEGIN_MS = 20

interface Snapshot {
  readonly table: DeadLetterTable
  readonly lookedAt: Date
  readonly isWhole: boolean
  /** In the queue, as SQS counts. */
  readonly counted: number
  readonly tookMs: number
}

/** The dead letters, as the queue showed them a moment ago: looking into a queue takes its letters out, so it is not done for each click. */
export class DeadLetterCache implements AsyncDisposable {
  readonly #deployment: Deployment
  readonly #firstLookMs: number
  readonly #stopping = new AbortController()
  #snapshot: Snapshot | undefined
  /** What a look has seen so far. */
  #filling: DeadLetterTable | undefined
  #looking: Promise<void> | undefined

  constructor(deployment: Deployment, firstLookMs = FIRST_LOOK_MS) {
    this.#deployment = deployment
    this.#firstLookMs = firstLookMs
  }

  /** What is known, and looked at anew beside it where the queue has changed; the first time, as much as is seen in a moment. */
  async show(filter: RejectedFilter, page: Page): Promise<DeadLetterPage> {
    const nearEnd = soon()
    const recent = this.#recent()
    if (this.#snapshot === undefined) await Promise.race([recent, this.#pause(this.#firstLookMs)])
    while (this.#snapshot === undefined && this.#filling === undefined) await Promise.race([recent, this.#pause(BEGIN_MS)])
    if (this.#snapshot === undefined && this.#filling !== undefined) {
      recent.catch(() => undefined) // who asks for the next time is told
      const lookedAt = new Date().toISOString()
      return { lookedAt, isLooking: true, isWhole: false, ...this.#filling.show(filter, page, nearEnd) }
    }
    const { table, lookedAt, isWhole } = await recent
    return {
      lookedAt: lookedAt.toISOString(),
      isLooking: this.#looking !== undefined,
      isWhole,
      ...table.show(filter, page, nearEnd),
    }
  }

  /** How many are near their end, as far as that is known; the first who asks has the queue looked into. */
  nearTheirEnd(): number | undefined {
    if (this.#snapshot === undefined) void this.look().catch(() => undefined) // who asks for letters is told
    return this.#snapshot?.table.nearTheirEnd(soon())
  }

  /** The letters to choose among. */
  async table(): Promise<DeadLetterTable> {
    return (await this.#recent()).table
  }

  /** Looks into the queue now, and waits for it. */
  look(): Promise<void> {
    this.#looking ??= this.#take().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** What is known is no longer so. */
  invalidate(): void {
    if (this.#snapshot !== undefined) this.#snapshot = { ...this.#snapshot, counted: NaN }
  }

  /** Nobody else looks into the queue while this is done, or it would find the letters taken. */
  async alone<T>(act: () => Promise<T>): Promise<T> {
    while (this.#looking !== undefined) await this.#looking.catch(() => undefined)
    const acting = act()
    this.#looking = acting
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.#looking = undefined
      })
    return acting
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#looking?.catch(() => undefined)
    this.#snapshot?.table[Symbol.dispose]()
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }

  async #recent(): Promise<Snapshot> {
    if (this.#snapshot === undefined) await this.look()
    else if (this.#looking === undefined && this.#isRested(this.#snapshot) && (await this.#hasChanged(this.#snapshot)))
      void this.look().catch(() => undefined) // what is known is shown; who asks for a look is told
    if (this.#snapshot === undefined) throw new Error('the console is stopping')
    return this.#snapshot
  }

  #isRested({ lookedAt, tookMs }: Snapshot): boolean {
    return Date.now() - lookedAt.getTime() >= Math.max(SHORTEST_REST_MS, tookMs * REST_FACTOR)
  }

  async #hasChanged({ counted }: Snapshot): Promise<boolean> {
    return (await countMessages(this.#deployment.sqs, this.#deployment.deadLetterQueueUrl)) !== counted
  }

  async #take(): Promise<void> {
    const startedAt = Date.now()
    const counted = await countMessages(this.#deployment.sqs, this.#deployment.deadLetterQueueUrl)
    const table = new DeadLetterTable(await deadLetterRetentionMs(this.#deployment))
    this.#filling = table
    try {
      await using selection = await scanDeadLetters(
        this.#deployment,
        (reject) => {
          table.add(reject)
          return false
        },
        this.#stopping.signal,
      )
      const now = Date.now()
      this.#snapshot?.table[Symbol.dispose]()
      this.#snapshot = { table, lookedAt: new Date(now), isWhole: selection.isComplete, counted, tookMs: now - startedAt }
    } catch (error) {
      table[Symbol.dispose]()
      throw error
    } finally {
      this.#filling = undefined
    }
  }
}

function soon(): string {
  return new Date(Date.now() + EXPIRING_SOON_MS).toISOString()
}
