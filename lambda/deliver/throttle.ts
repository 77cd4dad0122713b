import type { Attempt, AttemptResult } from './attempt.ts'
import { strictRateLimit, type RateLimit } from './rate-limit.ts'
import { AdaptiveRate } from './throttle/adaptive-rate.ts'
import { ConcurrencyLimit } from './throttle/concurrency-limit.ts'

/** Faults and cut connections have many causes. Only if more than this share fails is the endpoint taken to be overloaded. */
const HARMLESS_FAILURES = 0.2
/** Fewest answers that this share is taken of: with fewer, chance alone would slow down an endpoint with a few faults. */
const MIN_SAMPLE = 64
/** If an attempt is throttled so soon after the rate was reduced, the rate is not the cause. */
const SOON_MS = 1000

/**
 * Finds how many requests the endpoint can take: how many attempts in flight, and how many per second.
 *
 * A 429 does not say whether the limit is concurrency or rate. If the throttled attempt had more attempts beside it than any that was
 * accepted recently, it is concurrency. Otherwise it is the rate; and if a lower rate does not help, it is concurrency after all.
 *
 * Pure: the limiter reports attempts and answers, with their times, and asks before each attempt.
 */
export class Throttle {
  readonly #concurrency: ConcurrencyLimit
  readonly #rate = new AdaptiveRate()
  /** The limit that the user has set. */
  readonly #userLimit: RateLimit | undefined
  /** Number of the first attempt that began after the last reduction. Throttled attempts before it belong to that reduction. */
  #firstSinceReduction = 0
  #wasAcceptedSinceReduction = true
  #rateReducedAt = -Infinity
  /** Answers of the current sample. */
  #answers = 0
  #failures = 0
  /** Most attempts in flight beside one that was accepted, in this sample and in the one before. */
  #maxInFlight = 0
  #maxInFlightBefore = 0

  /** @param maxPerSecond 0 for no limit */
  constructor(maxInFlight: number, maxPerSecond: number) {
    this.#concurrency = new ConcurrencyLimit(maxInFlight)
    this.#userLimit = maxPerSecond > 0 ? strictRateLimit(maxPerSecond) : undefined
  }

  /** How many attempts may be in flight. */
  get limit(): number {
    return this.#concurrency.limit
  }

  /** Whether beginning an attempt depends on the time, and not only on a free slot. */
  get isTimed(): boolean {
    return this.#userLimit !== undefined || this.#rate.isLimited
  }

  /** How long the next attempt has to wait, for the time alone. */
  waitMs(now: number): number {
    return Math.max(this.#userLimit?.waitMs(now) ?? 0, this.#rate.isLimited ? this.#rate.waitMs(now) : 0)
  }

  begin(now: number): void {
    this.#userLimit?.take(now)
    this.#rate.begin(now)
  }

  /** The endpoint asked for a pause. */
  pause(ms: number, now: number): void {
    this.#rate.pause(ms, now)
  }

  /** Starts with few attempts in flight again, after an outage. */
  restart(): void {
    this.#concurrency.restart()
  }

  /** @param next number of the next attempt to begin */
  record(result: AttemptResult, attempt: Attempt, now: number, next: number): void {
    this.#answers += 1
    if (result === 'accepted') this.#recordAccepted(attempt, now, next)
    else if (result === 'throttled') this.#recordThrottled(attempt, now, next)
    else this.#recordFailed(attempt, next)
    if (this.#answers >= this.#sampleSize) this.#startSample()
  }

  #recordAccepted(attempt: Attempt, now: number, next: number): void {
    if (attempt.number >= this.#firstSinceReduction) this.#wasAcceptedSinceReduction = true
    this.#maxInFlight = Math.max(this.#maxInFlight, attempt.inFlight)
    this.#concurrency.recordAccepted(attempt, now, next)
    this.#rate.recordAccepted(now)
  }

  #recordThrottled(attempt: Attempt, now: number, next: number): void {
    this.#rate.recordThrottled(now)
    if (!this.#isNews(attempt, next)) return
    const isConcurrency =
      attempt.inFlight > Math.max(this.#maxInFlight, this.#maxInFlightBefore) || now - this.#rateReducedAt < SOON_MS
    if (isConcurrency) this.#concurrency.reduce(attempt.inFlight)
    else this.#rateReducedAt = now
    this.#rate.reduce(now, isConcurrency ? 1.5 : 1)
  }

  #recordFailed(attempt: Attempt, next: number): void {
    this.#failures += 1
    if (this.#failures <= HARMLESS_FAILURES * this.#sampleSize || !this.#isNews(attempt, next)) return
    this.#concurrency.reduce(attempt.inFlight)
    this.#startSample()
  }

  /**
   * Whether this answer is a reason to reduce again: one reduction for each round trip, and only one while nothing is accepted,
   * because the circuit breaker handles that.
   */
  #isNews({ number }: Attempt, next: number): boolean {
    if (number < this.#firstSinceReduction || !this.#wasAcceptedSinceReduction) return false
    this.#firstSinceReduction = next
    this.#wasAcceptedSinceReduction = false
    return true
  }

  get #sampleSize(): number {
    return Math.max(MIN_SAMPLE, this.limit)
  }

  #startSample(): void {
    this.#answers = 0
    this.#failures = 0
    this.#maxInFlightBefore = this.#maxInFlight
    this.#maxInFlight = 0
  }
}
