import type { Attempt, Sign } from './attempt.ts'
import { ceilingOf, type RateLimit } from './rate-limit.ts'
import { AdaptiveRate } from './throttle/adaptive-rate.ts'
import { ConcurrencyLimit } from './throttle/concurrency-limit.ts'

/** Faults and cut connections have many reasons; only where they are more than this share is it taken to be too much for the endpoint. */
const HARMLESS_FAILURES = 0.2
/** Answers of which that share is taken, at least: with fewer, chance alone would slow down an endpoint with a few faults. */
const SMALLEST_SAMPLE = 64
/** A refusal that comes so soon after the rate was cut says that it is not the rate. */
const SOON_MS = 1000

/**
 * How fast one may go: how many attempts in flight, and how many in a second.
 *
 * Which of the two an endpoint minds it does not say. Where a refused attempt had more beside it than any that was taken lately, it
 * is the number in flight; else it is the rate, and where slowing that down does not help, the number in flight after all.
 *
 * Pure: it is told of attempts and answers, with their times, and knows no clock.
 */
export class Throttle {
  readonly #window: ConcurrencyLimit
  readonly #rate = new AdaptiveRate()
  readonly #ceiling: RateLimit | undefined
  /** The number of the first attempt that began after the last cut: refusals of those before it are what was cut for. */
  #first = 0
  #wasTakenSinceCut = true
  #rateCutAt = -Infinity
  #answers = 0
  #failures = 0
  /** The most in flight beside an attempt that was taken, in this sample and in the one before. */
  #most = 0
  #mostBefore = 0

  /** @param maxPerSecond 0 for as many as the endpoint takes */
  constructor(maxInFlight: number, maxPerSecond: number) {
    this.#window = new ConcurrencyLimit(maxInFlight)
    this.#ceiling = maxPerSecond > 0 ? ceilingOf(maxPerSecond) : undefined
  }

  /** Most attempts in flight. */
  get limit(): number {
    return this.#window.limit
  }

  /** Whether it takes more than a free place to begin: else nobody needs to know the time. */
  get isTimed(): boolean {
    return this.#ceiling !== undefined || this.#rate.isLimited
  }

  /** How long the next attempt has to wait, for the time alone. */
  waitMs(now: number): number {
    return Math.max(this.#ceiling?.waitMs(now) ?? 0, this.#rate.isLimited ? this.#rate.waitMs(now) : 0)
  }

  begin(now: number): void {
    this.#ceiling?.take(now)
    this.#rate.begin(now)
  }

  /** Nothing begins for so long. */
  pause(ms: number, now: number): void {
    this.#rate.pause(ms, now)
  }

  /** After an outage. */
  reopen(): void {
    this.#window.reopen()
  }

  /** @param next the number of the next attempt to begin */
  answered(sign: Sign, attempt: Attempt, now: number, next: number): void {
    this.#answers += 1
    if (sign === 'taken') this.#taken(attempt, now, next)
    else if (sign === 'refused') this.#refused(attempt, now, next)
    else this.#failed(attempt, next)
    if (this.#answers >= this.#sample) this.#startSample()
  }

  #taken(attempt: Attempt, now: number, next: number): void {
    if (attempt.number >= this.#first) this.#wasTakenSinceCut = true
    this.#most = Math.max(this.#most, attempt.inFlight)
    this.#window.taken(attempt, now, next)
    this.#rate.taken(now)
  }

  #refused(attempt: Attempt, now: number, next: number): void {
    this.#rate.refused(now)
    if (!this.#isNews(attempt, next)) return
    const isWindow = attempt.inFlight > Math.max(this.#most, this.#mostBefore) || now - this.#rateCutAt < SOON_MS
    if (isWindow) this.#window.cut(attempt.inFlight)
    else this.#rateCutAt = now
    this.#rate.cut(now, isWindow ? 1.5 : 1)
  }

  #failed(attempt: Attempt, next: number): void {
    this.#failures += 1
    if (this.#failures <= HARMLESS_FAILURES * this.#sample || !this.#isNews(attempt, next)) return
    this.#window.cut(attempt.inFlight)
    this.#startSample()
  }

  /** One cut in a round trip; and one for a time in which nothing is taken at all, which is for the breaker. */
  #isNews({ number }: Attempt, next: number): boolean {
    if (number < this.#first || !this.#wasTakenSinceCut) return false
    this.#first = next
    this.#wasTakenSinceCut = false
    return true
  }

  get #sample(): number {
    return Math.max(SMALLEST_SAMPLE, this.limit)
  }

  #startSample(): void {
    this.#answers = 0
    this.#failures = 0
    this.#mostBefore = this.#most
    this.#most = 0
  }
}
