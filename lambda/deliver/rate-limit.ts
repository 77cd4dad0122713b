/**
 * So many in a second, evenly.
 *
 * @see "Generic Cell Rate Algorithm", ITU-T I.371: a token bucket that keeps one time instead of a count
 */
export class RateLimit {
  readonly #slackMs: number
  #spacingMs: number
  #due = 0

  /** @param slackMs how much a late timer may be made up for, by attempts closer together */
  constructor(perSecond: number, slackMs: number) {
    this.#slackMs = slackMs
    this.#spacingMs = 1000 / perSecond
  }

  set perSecond(rate: number) {
    this.#spacingMs = 1000 / rate
  }

  /** How long the next one has to wait. */
  waitMs(now: number): number {
    return this.#due - this.#slackMs - now
  }

  take(now: number): void {
    this.#due = Math.max(this.#due, now) + this.#spacingMs
  }
}

/** A timer of Node is rarely later than this. */
const SLACK_MS = 10
/** What may pass between looking at the clock and sending: the rest of a millisecond, or a collection of garbage. */
const LAG_MS = 10

/**
 * Never more than that in any second. Of `n` attempts the last is sent at least `(n - 1) × spacing - slack - lag` after the first, so the
 * spacing is a little more than a share of a second.
 */
export function ceilingOf(perSecond: number): RateLimit {
  return new RateLimit((perSecond * 1000) / (1000 + SLACK_MS + LAG_MS), SLACK_MS)
}
