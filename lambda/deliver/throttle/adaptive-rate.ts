import { RateLimit } from '../rate-limit.ts'
import { RecentCount } from './recent-count.ts'
import { RecoveryCurve } from './recovery-curve.ts'

/** Share of the rate that is given up when an attempt is throttled. */
const REDUCTION = 0.15
/** Small, because some endpoints throttle every attempt that comes too soon after the one before. */
const SLACK_MS = 2
/** A shorter time than this says nothing about a rate. */
const MIN_MEASURED_MS = 50

/**
 * How many attempts may begin per second, for an endpoint with a rate limit: any number until one is throttled, then a little less than the
 * rate at that moment, and slowly more again. The throttle reports every attempt and answer to it.
 */
export class AdaptiveRate {
  readonly #begun = new RecentCount()
  readonly #curve = new RecoveryCurve(REDUCTION)
  readonly #limit = new RateLimit(Infinity, SLACK_MS)
  #measuredSince: number | undefined
  #acceptedAt = 0
  /** Whether an attempt had to wait for the rate since the last one was accepted. Otherwise the rate is not used, and must not grow. */
  #hasDelayed = false

  get isLimited(): boolean {
    return this.#curve.limit < Infinity
  }

  waitMs(now: number): number {
    const ms = this.#limit.waitMs(now)
    if (ms > 0) this.#hasDelayed = true
    return ms
  }

  begin(now: number): void {
    this.#measuredSince ??= now
    this.#begun.add(1, now)
    this.#limit.take(now)
  }

  recordAccepted(now: number): void {
    if (this.#hasDelayed) {
      this.#hasDelayed = false
      this.#curve.advance(now - this.#acceptedAt)
      this.#limit.perSecond = this.#curve.limit
    }
    this.#acceptedAt = now
  }

  /** Takes a throttled attempt out of the measured rate. */
  recordThrottled(now: number): void {
    this.#begun.add(-1, now)
  }

  /** A pause lowers the measured rate, because that rate caused it. At most one second of the pause counts. */
  pause(ms: number, now: number): void {
    this.#measuredSince = now + Math.max(0, ms - 1000)
  }

  /** Lowers the rate to a little less than the measured rate. @param slack factor on the measured rate; more than 1 if it may not be the cause */
  reduce(now: number, slack: number): void {
    const { limit } = this.#curve
    const elapsedMs = now - (this.#measuredSince ?? now)
    const measured = (this.#begun.total(now) * 1000) / Math.min(1000, Math.max(MIN_MEASURED_MS, elapsedMs))
    const min = this.isLimited ? limit / 2 : 1
    this.#curve.reduce(Math.min(limit, Math.max(measured * slack, min)))
    this.#limit.perSecond = this.#curve.limit
  }
}
