import {
  NO_BRAKE,
  withCancellation,
  withLimit,
  withoutLimit,
  withoutPause,
  withPause,
  type Brake,
} from '../../../lambda/control/brake.ts'
import { newTask, taskBody } from '../../../lambda/intake/task.ts'
import { BRAKE_KEY, reportKey, versionOf } from '../../../lambda/keys.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import { lineOfRequest } from './model.ts'
import { expectKept, type Observed } from './observed.ts'
import type { Cancel, Scenario } from './scenario.ts'

/** A running import looks at its orders this often. */
const LOOK_MS = 5_000
/** The read, a request that stalls, and the one in flight. */
const IN_FLIGHT_MS = 1_000

const RATE_WINDOW_MS = 10_000
/** An action takes up to 30 ms, or 400 ms more if it stalls, so a few requests fall into the next window. */
const LATE_REQUESTS = 12

/** A person who pauses all imports, lets them continue, and cancels files; and whether the importer obeys. */
export class Orders {
  readonly #scenario: Scenario
  readonly #observed: Observed
  readonly #now: () => number
  readonly #start: number
  /** When each file was cancelled, by its id. */
  readonly #cancelledAt = new Map<number, number>()
  #pausedAt: number | undefined
  #limit: { readonly linesPerSecond: number; readonly at: number } | undefined
  /** When the last requests arrived. */
  #arrivals: number[] = []
  /** Pauses that were ordered while work was left. */
  pauses = 0

  constructor(scenario: Scenario, observed: Observed, now: () => number) {
    this.#scenario = scenario
    this.#observed = observed
    this.#now = now
    this.#start = now()
  }

  /** @param at calls something at a virtual time */
  schedule(at: (ms: number, act: () => void) => void): void {
    for (const { from, to } of this.#scenario.pauses) {
      at(from, () => {
        this.#pausedAt ??= this.#now()
        if (this.#observed.queue.waiting.length > 0) this.pauses += 1
        this.#change((brake) => withPause(brake, new Date(this.#now()).toISOString()))
      })
      at(to, () => {
        this.#pausedAt = undefined
        this.#change(withoutPause)
      })
    }
    for (const { from, to, linesPerSecond } of this.#scenario.limits) {
      at(from, () => {
        this.#limit = { linesPerSecond, at: this.#now() }
        this.#change((brake) => withLimit(brake, linesPerSecond))
      })
      at(to, () => {
        this.#limit = undefined
        this.#change(withoutLimit)
      })
    }
    for (const cancel of this.#scenario.cancels)
      if (cancel.at !== undefined)
        at(cancel.at, () => {
          this.cancel(cancel)
        })
  }

  /** The n-th action of all workers is about to happen. */
  atStep(step: number): void {
    for (const cancel of this.#scenario.cancels) if (cancel.step === step) this.cancel(cancel)
  }

  /** A person cancels a file now. */
  cancel({ file: id }: Pick<Cancel, 'file'>): void {
    const report = this.#reportOf(id)
    const { files, queue } = this.#observed
    const now = this.#now()
    const file = files[id]
    // As the command does, which refuses what has ended, or what is not there.
    if (file === undefined || file.from > now || (report !== undefined && isFinal(report)) || this.#cancelledAt.has(id)) return
    this.#cancelledAt.set(id, now)
    const { key } = file.source
    const at = new Date(now).toISOString()
    this.#change((brake) => withCancellation(brake, { key, version: versionOf(file.source), at }) ?? brake)
    queue.send(taskBody({ ...newTask(file.source), foundBySearch: true }), now, now)
  }

  /** A request has arrived at the endpoint. */
  arrived(request: string): void {
    const { file: id, line } = lineOfRequest(request)
    const now = this.#now()
    if (this.#mustObey(this.#pausedAt, now))
      expectKept('nothing is sent while imports are paused', false, () => `line ${line} of file ${id}`)
    this.#checkRate(now)
    // The dead letter of a line can be replayed although its file was cancelled: a person asks for it.
    const isNeverReplayed = this.#observed.files[id]?.lines[line - 1]?.ends.join() === 'delivered'
    if (isNeverReplayed && this.#mustObey(this.#cancelledAt.get(id), now))
      expectKept('nothing is sent of a cancelled file', false, () => `line ${line} of file ${id}`)
  }

  /** How many files are cancelled at the end. */
  get cancelled(): number {
    return [...this.#cancelledAt.keys()].filter((id) => this.#reportOf(id)?.state === 'cancelled').length
  }

  /** In any ten seconds, all workers together send what the limit allows, and 5 % more; a request can be late. */
  #checkRate(now: number): void {
    const limit = this.#limit
    // The clock of a worker says when its share ends.
    if (limit === undefined || this.#scenario.skewMs > 0 || !this.#mustObey(limit.at, now)) {
      this.#arrivals = []
      return
    }
    this.#arrivals = [...this.#arrivals.filter((at) => now - at < RATE_WINDOW_MS), now]
    const max = ((limit.linesPerSecond * RATE_WINDOW_MS) / 1000) * 1.05 + LATE_REQUESTS
    expectKept(
      'the limit is kept',
      this.#arrivals.length <= max,
      () => `${this.#arrivals.length} requests in ten seconds, not ${max}`,
    )
  }

  /** Whether an order was given long enough ago. A worker that stands still reads nothing, and one that was killed may have sent before. */
  #mustObey(orderedAt: number | undefined, now: number): boolean {
    const { freezes, faults, spells, checkpointMs, calmAt } = this.#scenario
    if (orderedAt === undefined || freezes.length > 0 || faults.straggler > 0) return false
    const isUnreadable = spells.some(
      ({ kind, from, to }) => kind === 's3-down' && now >= this.#start + from && orderedAt < this.#start + to,
    )
    if (isUnreadable || (faults.cloud > 0 && orderedAt < this.#start + calmAt)) return false
    return now > orderedAt + Math.min(checkpointMs, LOOK_MS) + IN_FLIGHT_MS
  }

  #reportOf(id: number): Report | undefined {
    const source = this.#observed.files[id]?.source
    return source && (this.#observed.store.read(reportKey(source)) as Report | undefined)
  }

  #change(change: (brake: Brake) => Brake): void {
    const { store } = this.#observed
    store.write(BRAKE_KEY, change((store.read(BRAKE_KEY) as Brake | undefined) ?? NO_BRAKE))
  }
}
