import { RateLimit } from './rate-limit.ts'

/** Of the answers of a sample, the share of additional refusals above which the rate is reduced. */
const TOLERATED = 0.02
/** Fewer than this may be chance. */
const MIN_REFUSALS = 2
/** After a reduction, the rate is this share of what the endpoint has accepted. */
const REDUCED = 0.97
const MIN_PER_SECOND = 1
/** A sample lasts this long, and longer if it has only few answers. */
const SAMPLE_MS = 1_000
const MIN_ANSWERS = 20
const MAX_SAMPLE_MS = 5_000
/** Before there is a limit, a sample ends early if most answers are refusals: a second at full speed would be a second of refusals. */
const FIRST_SAMPLE_MS = 100
const MANY_REFUSALS = 50
/** After a change of the rate, answers are ignored for this long, because they still show the effects of the rate before. */
const SETTLE_MS = 1_000
/** How long the rate stays after a reduction. Then it grows, in steps that double each second, but at most by half in a second. */
const PATIENCE_MS = 1_000
const MAX_GROWTH = 1.5
/** Up to this share of the limit that was found, it grows by half each second immediately. */
const CLOSE = 0.7
/** Reductions in a row that make refusals no fewer, after which the rate is not the cause. */
const MAX_USELESS = 2
/** Above this rate, timers are too coarse to keep every distance between two requests. */
const COARSE_PER_SECOND = 200
const SLACK_MS = 2

/** Reductions that have not made refusals fewer. */
interface Trial {
  /** The rate before the first of them. */
  readonly from: number
  readonly refusedShare: number
  readonly useless: number
}

/**
 * Limits how many requests begin per second, by what the endpoint accepts: once a second, if more than 2 % were refused, the rate becomes
 * 97 % of what was accepted. Otherwise it grows. There is no limit until the first reduction.
 *
 * Some refusals do not depend on the rate, e.g. those of one bad server among ten. If two reductions do not make refusals fewer, they are
 * taken back, and as many refusals are expected from then on.
 *
 * Pure: the limiter reports each answer, with its time, and asks before each attempt.
 *
 * @see "Site Reliability Engineering" (Google), chapter 21, "Client-Side Throttling"
 */
export class Throttle {
  readonly #limit = new RateLimit(Infinity, 0)
  #perSecond = Infinity
  /** The share of refusals that is there at any rate. */
  #expectedShare = 0
  #trial: Trial | undefined
  /** What the endpoint accepted at the last reduction after a good sample. */
  #foundLimit = 0
  /** What was accepted per second in the last sample without a reduction. */
  #lastGood = 0
  /** Time since the last reduction in which the rate was used. */
  #goodMs = 0
  #settledAt = 0
  /** Number of the first attempt that began at the current rate, after it had settled. */
  #firstAttempt = 0
  /** The sample: when its first answer arrived, and the answers so far. */
  #since: number | undefined
  #accepted = 0
  #refused = 0
  #askedToWait = 0

  /** Attempts per second; Infinity for no limit. */
  get perSecond(): number {
    return this.#perSecond
  }

  /** Whether most of the recent answers ask for a pause (`Retry-After`). */
  get needsPause(): boolean {
    return this.#askedToWait >= MIN_ANSWERS / 2 && this.#askedToWait * 2 > this.#accepted + this.#refused
  }

  /** How long the next attempt has to wait. */
  waitMs(now: number): number {
    return this.#perSecond === Infinity ? 0 : this.#limit.waitMs(now)
  }

  begin(now: number): void {
    if (this.#perSecond < Infinity) this.#limit.take(now)
  }

  /** @param attempt number of the attempt @param next number of the next attempt to begin */
  recordAccepted(attempt: number, next: number, now: number): void {
    if (this.#isUnsettled(attempt, next, now)) return
    this.#accepted += 1
    this.#checkSample(now)
  }

  /** @param asksToWait whether the answer has a `Retry-After` */
  recordRefused(attempt: number, next: number, now: number, asksToWait: boolean): void {
    if (this.#isUnsettled(attempt, next, now)) return
    this.#refused += 1
    if (asksToWait) this.#askedToWait += 1
    this.#checkSample(now)
  }

  /** No attempt begins for a while. The sample ends, because that time does not show what the endpoint accepts. */
  pause(now: number): void {
    if (this.#accepted > 0) this.#endSample(Math.max(FIRST_SAMPLE_MS, now - (this.#since ?? now)), now)
    this.startSample()
  }

  /** Forgets the answers of this sample, e.g. those of an outage. */
  startSample(): void {
    this.#since = undefined
    this.#accepted = 0
    this.#refused = 0
    this.#askedToWait = 0
  }

  #isUnsettled(attempt: number, next: number, now: number): boolean {
    if (now < this.#settledAt) this.#firstAttempt = next
    return attempt < this.#firstAttempt
  }

  #checkSample(now: number): void {
    this.#since ??= now
    const elapsedMs = now - this.#since
    if (elapsedMs < FIRST_SAMPLE_MS) return
    const isFlood = this.#perSecond === Infinity && this.#refused >= MANY_REFUSALS && this.#refused > this.#accepted
    const hasMany = this.#accepted + this.#refused >= MIN_ANSWERS
    const isFull = elapsedMs >= (hasMany ? SAMPLE_MS : MAX_SAMPLE_MS)
    // If nothing was accepted, that is a matter for the circuit breaker.
    if (!(isFlood || isFull) || this.#accepted === 0) return
    this.#endSample(elapsedMs, now)
    this.startSample()
  }

  #endSample(elapsedMs: number, now: number): void {
    const accepted = (this.#accepted * 1000) / elapsedMs
    const refusedShare = this.#refused / (this.#accepted + this.#refused)
    const trial = this.#trial
    const isUseless = trial !== undefined && elapsedMs >= SAMPLE_MS && isSame(refusedShare, trial.refusedShare)
    if (isUseless && trial.useless + 1 === MAX_USELESS) {
      this.#trial = undefined
      this.#expectedShare = refusedShare
      this.#setRate(trial.from, now)
    } else if (isUseless || this.#isTooMuch(refusedShare)) {
      this.#trial = isUseless ? { ...trial, useless: trial.useless + 1 } : { from: this.#perSecond, refusedShare, useless: 0 }
      this.#reduce(accepted / (1 - this.#expectedShare), trial === undefined, now)
    } else {
      this.#trial = undefined
      if (refusedShare < this.#expectedShare) this.#expectedShare = (this.#expectedShare + refusedShare) / 2
      this.#lastGood = accepted
      // A rate that is not used is not tested either, and must not grow.
      if (accepted / (1 - refusedShare) > this.#perSecond / 2) this.#grow(elapsedMs)
    }
  }

  #isTooMuch(refusedShare: number): boolean {
    const expected = this.#expectedShare
    const noise = Math.sqrt((expected * (1 - expected)) / (this.#accepted + this.#refused))
    return this.#refused >= MIN_REFUSALS && refusedShare > expected + TOLERATED + 2 * noise
  }

  #reduce(accepted: number, isFirst: boolean, now: number): void {
    this.#goodMs = 0
    // A little above its limit, an endpoint may accept much less than a little below it; or more, from what it has saved up.
    const limit = this.#lastGood === 0 ? accepted : Math.min(Math.max(accepted, this.#lastGood), MAX_GROWTH * this.#lastGood)
    this.#lastGood = 0
    if (isFirst) this.#foundLimit = limit
    this.#setRate(Math.max(MIN_PER_SECOND, REDUCED * limit), now)
  }

  /** The first steps are smaller in proportion the higher the rate, so that two importers that share a limit come to share it equally. */
  #grow(elapsedMs: number): void {
    const most = this.#perSecond * (MAX_GROWTH ** (elapsedMs / 1000) - 1)
    const before = this.#growth
    this.#goodMs += elapsedMs
    const step = (Math.sqrt(this.#perSecond) / 5) * (this.#growth - before)
    this.#perSecond += this.#perSecond < CLOSE * this.#foundLimit ? most : Math.min(step, most)
    this.#limit.perSecond = this.#perSecond
  }

  /** Doubles each second after the patience. */
  get #growth(): number {
    return 2 ** Math.min(20, Math.max(0, (this.#goodMs - PATIENCE_MS) / 1000))
  }

  #setRate(perSecond: number, now: number): void {
    this.#perSecond = perSecond
    this.#limit.perSecond = perSecond
    this.#limit.slackMs = perSecond > COARSE_PER_SECOND ? SLACK_MS : 0
    this.#settledAt = now + SETTLE_MS
  }
}

/** Whether a share of refusals is about the same after a reduction as it was before it. */
function isSame(after: number, before: number): boolean {
  return before < 0.5 && after > before / 2 && after < before * 2
}
