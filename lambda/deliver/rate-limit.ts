/**
 * A steady rate: attempts begin a fixed spacing apart. The throttle uses one for the rate that it has found, and one for the user's limit.
 *
 * @see "Generic Cell Rate Algorithm", ITU-T I.371: a token bucket that stores one time instead of a count
 */
export class RateLimit {
  slackMs: number
  #spacingMs: number
  #due = 0

  /** @param slackMs how far ahead of the spacing an attempt may begin, to make up for late timers */
  constructor(perSecond: number, slackMs: number) {
    this.slackMs = slackMs
    this.#spacingMs = 1000 / perSecond
  }

  set perSecond(rate: number) {
    this.#spacingMs = 1000 / rate
  }

  /** How long the next attempt has to wait; zero or negative if it may begin now. */
  waitMs(now: number): number {
    return this.#due - this.slackMs - now
  }

  /** @param spread how far the next attempt is from this one, in spacings */
  take(now: number, spread = 1): void {
    this.#due = Math.max(this.#due, now) + spread * this.#spacingMs
  }
}

/** A Node timer is rarely later than this. */
const SLACK_MS = 10
/** Time that may pass between reading the clock and sending: the rest of a millisecond, or a garbage collection. */
const LAG_MS = 10

/**
 * A rate limit that holds in any second, wherever the second starts.
 *
 * The last of `n` attempts is sent at least `(n - 1) × spacing - slack - lag` after the first, so the spacing is a little longer than an
 * even share of a second.
 */
export function strictRateLimit(perSecond: number): RateLimit {
  return new RateLimit(strictRate(perSecond), SLACK_MS)
}

/** The rate of a strict limit. */
export function strictRate(perSecond: number): number {
  return (perSecond * 1000) / (1000 + SLACK_MS + LAG_MS)
}
