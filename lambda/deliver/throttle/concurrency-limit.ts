import { Approach } from './recovery-curve.ts'
import type { Attempt } from '../attempt.ts'
import { Roof } from './concurrency-ceiling.ts'

const CUT = 0.5

/** How many attempts may be in flight: as many as make sense, by latency, and as the endpoint takes, by what it refused. */
export class Window {
  readonly #max: number
  readonly #roof = new Roof()
  readonly #approach = new Approach(CUT)
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
    if (attempt.inFlight >= Math.min(this.#roof.height, this.#max) / 2) this.#roof.taken(attempt, now, next)
    if (attempt.inFlight >= this.#approach.height / 2) this.#approach.advance(now - this.#lastAt)
    this.#lastAt = now
    this.#settle()
  }

  /** @param inFlight how many there were when it was too many */
  cut(inFlight: number): void {
    this.#approach.refuse(Math.max(1, Math.min(inFlight, this.#limit)))
    this.#settle()
  }

  /** After an outage: begins small, and grows as at the start. */
  reopen(): void {
    this.#roof.lower()
    this.#settle()
  }

  #settle(): void {
    this.#limit = Math.max(1, Math.floor(Math.min(this.#max, this.#roof.height, this.#approach.height)))
  }
}
