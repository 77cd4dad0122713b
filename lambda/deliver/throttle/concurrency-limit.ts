import { RecoveryCurve } from './recovery-curve.ts'
import type { Attempt } from '../attempt.ts'
import { ConcurrencyCeiling } from './concurrency-ceiling.ts'

const CUT = 0.5

/** How many attempts may be in flight: as many as make sense, by latency, and as the endpoint takes, by what it refused. */
export class ConcurrencyLimit {
  readonly #max: number
  readonly #ceiling = new ConcurrencyCeiling()
  readonly #curve = new RecoveryCurve(CUT)
  #limit = 0
  #lastAt = 0

  constructor(max: number) {
    this.#max = max
    this.#settle()
  }

  get limit(): number {
    return this.#limit
  }

  /** @param next the number of the next attempt to begin */
  taken(attempt: Attempt, now: number, next: number): void {
    // What was not made use of has not been tried out.
    if (attempt.inFlight >= Math.min(this.#ceiling.height, this.#max) / 2) this.#ceiling.taken(attempt, now, next)
    if (attempt.inFlight >= this.#curve.height / 2) this.#curve.advance(now - this.#lastAt)
    this.#lastAt = now
    this.#settle()
  }

  /** @param inFlight how many there were when it was too many */
  cut(inFlight: number): void {
    this.#curve.refuse(Math.max(1, Math.min(inFlight, this.#limit)))
    this.#settle()
  }

  /** After an outage: begins small, and grows as at the start. */
  reopen(): void {
    this.#ceiling.lower()
    this.#settle()
  }

  #settle(): void {
    this.#limit = Math.max(1, Math.floor(Math.min(this.#max, this.#ceiling.height, this.#curve.height)))
  }
}
