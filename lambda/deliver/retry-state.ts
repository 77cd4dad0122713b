import type { AnswerClass } from './classify.ts'

/** Tries after which a request that the endpoint calls bad (4xx) is decided: it does not become better. */
const MAX_REFUSALS = 3
/** Tries after which a request that fails for an unknown reason (5xx, no answer) is decided. */
const MAX_FAILURES = 10
/** At least this many of them must be proven to be the line's own: an outage that has just ended may have caused the rest. */
const MIN_PROVEN = 3
/** How long a busy endpoint may delay one request before that is an outage. */
const MAX_WAIT_MS = 5 * 60_000
/**
 * Between two moments that this file sees, at most this much counts as delay, beyond a pause that the endpoint asked for. More means that
 * the process was suspended (a frozen sandbox, a sleeping laptop).
 */
const MAX_STEP_MS = 60_000
/** How long the host name may fail to resolve before a person has to look at it. DNS failures come and go, above all in a VPC. */
const MAX_UNRESOLVED_MS = 60_000

export type Failure = Extract<AnswerClass, { kind: 'retry' | 'unresolved' }>

/** How the attempts of all lines have gone up to some moment. The limiter counts them. */
export interface EndpointHistory {
  readonly accepted: number
  /** Failures, without those that were attributed to a line. */
  readonly failed: number
  /** Attempts that have begun. They are numbered in this order. */
  readonly begun: number
  /** The highest number of an attempt that was accepted. */
  readonly newestAccepted: number
}

/**
 * What to do about a failed request.
 *
 * - `poison`: the line is undeliverable, because it fails while other lines pass.
 * - `unclear`: it is the line or the endpoint, and no other line was sent meanwhile to compare with. `decideByProbe` decides.
 */
export type RetryDecision = 'retry' | 'poison' | 'outage' | 'unclear' | 'misconfigured'

/**
 * The failures of one request, and the decision after each: retry, or give up on the line or on the endpoint.
 *
 * A failure is proven to be the line's own when an attempt that began after it is accepted: then the endpoint worked before and after. So
 * an outage proves nothing, whenever it begins.
 *
 * Pure: `delivery.ts` creates one for each request that fails, and passes in the time and the history of all lines.
 */
export class RetryState {
  readonly #since: number
  /** The last moment that this object saw. */
  #last: number
  /** How long the endpoint has delayed the request. */
  #delayedMs = 0
  /** The pause that the endpoint asked for last. */
  #pauseMs = 0
  /** The history up to the last failure, that one included. */
  #recent: EndpointHistory | undefined
  #acceptedBefore: number | undefined
  #failures = 0
  #refusals = 0
  #unknownFailures = 0
  #proven = 0
  /** How often a known-good request was accepted after a failure of this one. */
  #probes = 0
  /** Failures of this request that the limiter did not count. */
  #uncounted = 0

  /** @param since when the request failed first */
  constructor(since: number) {
    this.#since = since
    this.#last = since
  }

  get failures(): number {
    return this.#failures
  }

  /** Whether other lines were accepted since this request failed first. */
  hasOvertaking({ accepted }: EndpointHistory): boolean {
    return this.#acceptedBefore !== undefined && accepted > this.#acceptedBefore
  }

  /** Whether an attempt that began after the last failure was accepted: then that failure is proven to be the line's own. */
  othersPassed({ newestAccepted }: EndpointHistory): boolean {
    return this.#recent !== undefined && newestAccepted > this.#recent.begun
  }

  /**
   * Whether this failure is the line's own, because an earlier one was. The limiter must not count such a failure against the endpoint.
   * Otherwise a few bad lines at the end of a file, with only each other to compare with, would look like an outage.
   *
   * @param history without this failure
   */
  attributeToLine(failure: Failure, history: EndpointHistory): boolean {
    if (failure.kind !== 'retry' || failure.cause === 'endpoint') return false
    if (this.#proven === 0 && !this.othersPassed(history)) return false
    this.#uncounted += 1
    return true
  }

  /**
   * Records a failure.
   *
   * @param history with this failure, if the limiter has counted it
   * @param failingMs how long no line has passed
   * @param pauseMs the pause that the endpoint asks for
   */
  fail(failure: Failure, now: number, history: EndpointHistory, failingMs: number, pauseMs: number): 'retry' | 'misconfigured' {
    this.#countDelay(now)
    this.#pauseMs = pauseMs
    this.#failures += 1
    if (failure.kind === 'retry' && failure.cause === 'request') this.#refusals += 1
    if (failure.kind === 'retry' && failure.cause !== 'endpoint') this.#unknownFailures += 1
    this.#recent = this.#withOwn(history)
    this.#acceptedBefore ??= history.accepted
    const isLong = Math.max(now - this.#since, failingMs) > MAX_UNRESOLVED_MS
    return failure.kind === 'unresolved' && isLong ? 'misconfigured' : 'retry'
  }

  /** Decides what to do when the wait after a failure is over, by what the other lines did meanwhile. */
  decide(now: number, history: EndpointHistory): RetryDecision {
    this.#countDelay(now)
    const othersPassed = this.othersPassed(history)
    if (othersPassed) this.#proven += 1
    const hasFailedOften = this.#hasFailedOften
    if (!hasFailedOften && this.#delayedMs <= MAX_WAIT_MS) return 'retry'
    const culprit = culpritOf(this.#recent ?? history, this.#withOwn(history))
    if (culprit === undefined) return 'unclear'
    if (culprit === 'endpoint') return 'outage'
    return hasFailedOften && othersPassed && this.#proven >= MIN_PROVEN ? 'poison' : 'retry'
  }

  /**
   * Decides an `unclear` failure after a known-good request was accepted: the endpoint works. That may be so since a moment ago, and what
   * failed before may have been an outage. So it has to be accepted after three failures, and the delay of an outage counts for nothing.
   */
  decideByProbe(): 'retry' | 'poison' {
    this.#probes += 1
    const proven = this.#hasFailedOften ? this.#proven + this.#probes : this.#probes
    return proven >= MIN_PROVEN ? 'poison' : 'retry'
  }

  get #hasFailedOften(): boolean {
    return this.#refusals >= MAX_REFUSALS || this.#unknownFailures >= MAX_FAILURES
  }

  #countDelay(now: number): void {
    this.#delayedMs += Math.min(now - this.#last, this.#pauseMs + MAX_STEP_MS)
    this.#last = now
  }

  #withOwn(history: EndpointHistory): EndpointHistory {
    return { ...history, failed: history.failed + this.#uncounted }
  }
}

/**
 * Whether the line or the endpoint causes the failures of a line, judged by the answers to other lines since its last failure. Earlier
 * answers say nothing, since an outage may have begun meanwhile.
 *
 * @returns undefined if no other line got an answer
 */
export function culpritOf(before: EndpointHistory, after: EndpointHistory): 'line' | 'endpoint' | undefined {
  const accepted = after.accepted - before.accepted
  const failed = after.failed - before.failed
  if (accepted + failed === 0) return undefined
  return accepted > failed ? 'line' : 'endpoint'
}
