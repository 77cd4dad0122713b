import type { Attempt } from '../attempt.ts'
import { ConcurrencyCeiling } from './concurrency-ceiling.ts'
import { RecoveryCurve } from './recovery-curve.ts'

/** Share of the limit that is given up when an attempt is throttled. */
const REDUCTION = 0.5

/**
 * How many attempts may be in flight: at most as many as are useful, by latency, as the endpoint accepts, and as the user allows. The
 * throttle reads the limit and reports answers.
 */
export class ConcurrencyLimit {
  readonly #max: number
  readonly #ceiling = new ConcurrencyCeiling()
  readonly #curve = new RecoveryCurve(REDUCTION)
  #limit = 0
  #acceptedAt = 0

  constructor(max: number) {
    this.#max = max
    this.#update()
  }

  get limit(): number {
    return this.#limit
  }

  /** @param next number of the next attempt to begin */
  recordAccepted(attempt: Attempt, now: number, next: number): void {
    // Only attempts that use at least half of a limit say that the limit is good.
    if (attempt.inFlight >= Math.min(this.#ceiling.limit, this.#max) / 2) this.#ceiling.recordAccepted(attempt, now, next)
    if (attempt.inFlight >= this.#curve.limit / 2) this.#curve.advance(now - this.#acceptedAt)
    this.#acceptedAt = now
    this.#update()
  }

  /** @param inFlight how many attempts were too many */
  reduce(inFlight: number): void {
    this.#curve.reduce(Math.max(1, Math.min(inFlight, this.#limit)))
    this.#update()
  }

  /** Starts small again, after an outage. */
  restart(): void {
    this.#ceiling.restart()
    this.#update()
  }

  #update(): void {
    this.#limit = Math.max(1, Math.floor(Math.min(this.#max, this.#ceiling.limit, this.#curve.limit)))
  }
}
