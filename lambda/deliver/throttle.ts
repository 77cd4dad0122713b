import { AnswerSample } from './answer-sample.ts'
import { RateLimit } from './rate-limit.ts'

/** The rate is reduced if a larger share of the answers than this are refusals. */
const TOLERATED = 0.02
/** And it must be larger by this many standard deviations: what chance alone does once in forty samples. */
const DEVIATIONS = 2
/** After a reduction, the rate is this share of what the endpoint accepts. */
const REDUCED = 0.97
/** Slower, an importer that shares a limit with a faster one would learn too little to get its part back. */
const MIN_PER_SECOND = 5
/** After a reduction, answers still show the effects of the rate before for this long. */
const SETTLE_MS = 800
/** So many reductions in a row that make refusals no fewer are taken back. A single one may look useless because another importer got faster. */
const MAX_USELESS = 2
/** A larger share of refusals than this is never taken as independent of the rate. */
const MAX_EXPECTED = 0.25
/** Growth begins with at least so many per second. It is the same for a slow and a fast importer, so it brings them closer together. */
const MIN_STEP_PER_SECOND = 2
/** Faster importers need larger steps, to use soon what becomes free: this many times the root of the rate. */
const STEP_PER_ROOT = 0.25
/**
 * Attempts begin this much earlier or later than evenly, as a share of their distance. Even ones of two importers can keep in step for a long
 * time, and then the endpoint refuses always the same one.
 *
 * @see Floyd and Jacobson, "On Traffic Phase Effects in Packet-Switched Gateways", 1992
 */
const JITTER = 0.05
/** Above this rate, timers are too coarse to keep every distance between two attempts. */
const COARSE_PER_SECOND = 200
const SLACK_MS = 2

/** A reduction whose effect is not known yet. */
interface Reduction {
  /** Before it, the endpoint accepted so many requests per second, and refused this share. */
  readonly accepted: number
  readonly refusedShare: number
  /** How many reductions since then have made refusals no fewer. */
  readonly useless: number
}

/**
 * Limits how many attempts begin per second, by what the endpoint accepts: if more than 2 % of the answers of a second are refusals, the
 * rate becomes 97 % of what was accepted. Otherwise it grows, in steps that double each second. There is no limit until the first reduction.
 *
 * Some refusals do not depend on the rate, e.g. those of one bad server among ten. If two reductions make refusals no fewer, they are taken
 * back, and as many refusals are expected from then on.
 *
 * Pure: the limiter reports each answer, with its time, and asks before each attempt.
 *
 * @see "Site Reliability Engineering" (Google), chapter 21, "Client-Side Throttling"
 */
export class Throttle {
  readonly #limit = new RateLimit(Infinity, 0)
  #perSecond = Infinity
  #step = 0
  /** The share of refusals that is there at any rate. */
  #expectedShare = 0
  #reduction: Reduction | undefined
  /** The most that was accepted per second in a sample since the rate was last set. */
  #mostAccepted = 0
  #sample: AnswerSample | undefined

  /** Attempts per second; Infinity for no limit. */
  get perSecond(): number {
    return this.#perSecond
  }

  /** Whether most of the recent answers ask for a pause (`Retry-After`). */
  get needsPause(): boolean {
    return this.#sample?.needsPause === true
  }

  /** How long the next attempt has to wait. */
  waitMs(now: number): number {
    return this.#perSecond === Infinity ? 0 : this.#limit.waitMs(now)
  }

  /** @param chance a random number from 0 to 1 */
  begin(now: number, chance: number): void {
    if (this.#perSecond < Infinity) this.#limit.take(now, 1 + JITTER * (2 * chance - 1))
  }

  recordAccepted(now: number): void {
    const sample = (this.#sample ??= new AnswerSample(now))
    sample.countAccepted(now)
    if (sample.isFull(now)) this.#learn(sample, now)
  }

  /** @param asksToWait whether the answer has a `Retry-After` */
  recordRefused(now: number, asksToWait: boolean): void {
    const sample = (this.#sample ??= new AnswerSample(now))
    sample.countRefused(now, asksToWait)
    if (sample.isFull(now)) this.#learn(sample, now)
  }

  #learn(sample: AnswerSample, now: number): void {
    this.#sample = new AnswerSample(now)
    // If nothing was accepted, that is a matter for the circuit breaker.
    if (sample.accepted === 0) return
    const { refusedShare } = sample
    const accepted = sample.acceptedPerSecond(now)
    const reduction = this.#reduction
    this.#reduction = undefined
    const limit = this.#limitFrom(accepted)
    const isUseless = reduction !== undefined && isSame(refusedShare, reduction.refusedShare)
    if (isUseless && reduction.useless + 1 === MAX_USELESS) this.#takeBack(reduction, refusedShare, now)
    else if (isUseless) this.#reduce(limit, { ...reduction, useless: reduction.useless + 1 }, now)
    else {
      // If a reduction has helped, the refusals depended on the rate.
      if (reduction !== undefined) this.#expectedShare = Math.min(this.#expectedShare, refusedShare)
      if (this.#isTooMuch(sample)) this.#reduce(limit, { accepted: limit, refusedShare, useless: 0 }, now)
      else this.#confirm(accepted, refusedShare)
    }
  }

  /** The endpoint accepts the present rate. */
  #confirm(accepted: number, refusedShare: number): void {
    if (refusedShare < this.#expectedShare) this.#expectedShare = 0.75 * this.#expectedShare + 0.25 * refusedShare
    this.#mostAccepted = Math.max(this.#mostAccepted, accepted)
    // A rate that is not used is not tested either, and must not grow.
    if (accepted / (1 - refusedShare) > this.#perSecond / 2) this.#grow()
  }

  /** Whether more is refused than is tolerated, and more than chance would explain. */
  #isTooMuch({ refused, answers }: AnswerSample): boolean {
    const tolerated = this.#expectedShare + TOLERATED
    const deviation = Math.sqrt(tolerated * (1 - tolerated) * answers)
    return refused > tolerated * answers + DEVIATIONS * deviation
  }

  /**
   * What the endpoint accepts per second, found by exceeding it. A little above its limit, an endpoint may accept much less than a little
   * below it; and another importer, or a slow moment of this one, may make that little. So the first estimate errs on the high side, and never
   * halves the rate at once.
   */
  #limitFrom(accepted: number): number {
    const half = this.#perSecond < Infinity ? this.#perSecond / 2 : 0
    return Math.max(accepted, this.#mostAccepted, half)
  }

  #reduce(accepted: number, reduction: Reduction, now: number): void {
    this.#reduction = reduction
    this.#restart(Math.max(MIN_PER_SECOND, REDUCED * accepted), now)
  }

  #takeBack({ accepted }: Reduction, refusedShare: number, now: number): void {
    this.#expectedShare = refusedShare
    this.#restart(accepted / (1 - refusedShare), now)
  }

  /** Begins again with another rate. */
  #restart(perSecond: number, now: number): void {
    this.#setRate(perSecond)
    this.#step = Math.max(MIN_STEP_PER_SECOND, STEP_PER_ROOT * Math.sqrt(perSecond))
    this.#mostAccepted = 0
    this.#sample = new AnswerSample(now + SETTLE_MS)
  }

  #grow(): void {
    this.#setRate(this.#perSecond + this.#step)
    this.#step *= 2
  }

  #setRate(perSecond: number): void {
    this.#perSecond = perSecond
    this.#limit.perSecond = perSecond
    this.#limit.slackMs = perSecond > COARSE_PER_SECOND ? SLACK_MS : 0
  }
}

/** Whether a share of refusals is about the same after a reduction as it was before, and so small that it may be independent of the rate. */
function isSame(after: number, before: number): boolean {
  return after < MAX_EXPECTED && Math.abs(after - before) < before / 2
}
