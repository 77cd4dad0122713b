import { RecoveryCurve } from './recovery-curve.ts'
import { RateLimit } from '../rate-limit.ts'
import { RecentCount } from './recent-count.ts'

const CUT = 0.15
/** Small, since some endpoints refuse whatever comes too soon after the one before. */
const SLACK_MS = 2
/** In less time than this, what was taken is no measure of a rate. */
const SHORTEST_MS = 50

/**
 * How many attempts may begin in a second, where the endpoint takes only so many: any number until it has refused one, then a little
 * fewer than it took when it refused, and now and then a little more.
 */
export class AdaptiveRate {
  readonly #begun = new RecentCount()
  readonly #curve = new RecoveryCurve(CUT)
  readonly #bucket = new RateLimit(Infinity, SLACK_MS)
  #since: number | undefined
  #lastAt = 0
  #hasHeldBack = false

  get isLimited(): boolean {
    return this.#curve.height < Infinity
  }

  waitMs(now: number): number {
    const ms = this.#bucket.waitMs(now)
    if (ms > 0) this.#hasHeldBack = true
    return ms
  }

  begin(now: number): void {
    this.#since ??= now
    this.#begun.add(1, now)
    this.#bucket.take(now)
  }

  taken(now: number): void {
    if (this.#hasHeldBack) {
      this.#hasHeldBack = false
      this.#curve.advance(now - this.#lastAt)
      this.#bucket.perSecond = this.#curve.height
    }
    this.#lastAt = now
  }

  refused(now: number): void {
    this.#begun.add(-1, now)
  }

  /** A pause is part of the price of going on as before; a long one is not all of it. */
  pause(ms: number, now: number): void {
    this.#since = now + Math.max(0, ms - 1000)
  }

  cut(now: number, slack: number): void {
    const { height } = this.#curve
    const measured = (this.#begun.total(now) * 1000) / Math.min(1000, Math.max(SHORTEST_MS, now - (this.#since ?? now)))
    const least = this.isLimited ? height / 2 : 1
    this.#curve.refuse(Math.min(height, Math.max(measured * slack, least)))
    this.#bucket.perSecond = this.#curve.height
  }
}
