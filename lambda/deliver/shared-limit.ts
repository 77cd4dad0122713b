import { strictRate, strictRateLimit, type RateLimit } from './rate-limit.ts'

/** The share of a limit that one run may use, while it may. Its attempts begin evenly spaced, the first one too. */
export class SharedLimit {
  #limit: RateLimit | undefined
  #until = 0

  /** @param perSecond 0 for none @param until when the share ends, milliseconds since 1970 */
  change(perSecond: number, until: number, now: number): void {
    this.#until = until
    if (perSecond === 0) this.#limit = undefined
    else if (this.#limit === undefined) {
      this.#limit = strictRateLimit(perSecond)
      this.#limit.take(now) // runs that begin at the same time must not all begin with a request
    } else this.#limit.perSecond = strictRate(perSecond)
  }

  /** How long the next attempt has to wait; Infinity if no share is held. */
  waitMs(now: number): number {
    return this.#limit === undefined || now >= this.#until ? Infinity : this.#limit.waitMs(now)
  }

  take(now: number): void {
    this.#limit?.take(now)
  }
}
