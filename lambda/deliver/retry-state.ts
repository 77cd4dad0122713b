import type { AnswerCounts, Attempt } from './attempt.ts'
import type { AnswerClass } from './classify.ts'

/** Failures of unknown cause after which a request is decided. */
const MAX_FAILURES = 10
/** At least this many of them must have happened while other lines passed: an outage that has just ended may have caused the rest. */
const MIN_FAILURES_WHILE_OTHERS_PASS = 3
/** How long a busy endpoint may delay one request before that is an outage. */
const MAX_WAIT_MS = 5 * 60_000
/** How long the host name may fail to resolve before a person has to look at it. DNS failures come and go, above all in a VPC. */
const MAX_UNRESOLVED_MS = 60_000

export type Failure = Extract<AnswerClass, { kind: 'retry' | 'unresolved' }>

/**
 * What to do about a failed request.
 *
 * - `poison`: the line is undeliverable, because it fails while other lines pass.
 * - `unclear`: it is the line or the endpoint, and no other line was sent meanwhile to compare with.
 */
export type RetryDecision = 'retry' | 'poison' | 'outage' | 'unclear' | 'misconfigured'

/**
 * The failures of one request, and the decision after each: retry, or give up on the line or on the endpoint.
 *
 * Pure: `delivery.ts` creates one for each request that fails, and passes in the time and the answers of all lines.
 */
export class RetryState {
  readonly #first: Attempt
  /** The answers up to the last failure. */
  #recent: AnswerCounts
  #failures = 0
  #unknownFailures = 0
  #failuresWhileOthersPassed = 0
  #isPoison = false
  /** Failures of this request that the limiter did not count. */
  #uncounted = 0

  constructor(first: Attempt) {
    this.#first = first
    this.#recent = first
  }

  get failures(): number {
    return this.#failures
  }

  /**
   * Attributes this failure to the line if the line failed before and others passed since. The limiter must not count such a failure
   * against the endpoint. Otherwise a few bad lines at the end of a file, with only each other to compare with, would look like an outage.
   *
   * @param answers without this failure
   * @returns whether it was attributed to the line
   */
  attributeToLine(failure: Failure, answers: AnswerCounts): boolean {
    if (failure.kind !== 'retry' || failure.cause !== 'unknown') return false
    if (this.#failures > 0 && answers.accepted > this.#recent.accepted) this.#isPoison = true
    if (this.#isPoison) this.#uncounted += 1
    return this.#isPoison
  }

  /**
   * Records a failure and decides what to do.
   *
   * @param answers with this failure, if the limiter has counted it
   * @param failingMs how long no line has passed
   */
  fail(failure: Failure, now: number, answers: AnswerCounts, failingMs: number): RetryDecision {
    this.#failures += 1
    if (failure.kind === 'retry' && failure.cause === 'unknown') this.#unknownFailures += 1
    const waitedMs = now - this.#first.at
    if (failure.kind === 'unresolved' && Math.max(waitedMs, failingMs) > MAX_UNRESOLVED_MS) return 'misconfigured'
    const all = { accepted: answers.accepted, failed: answers.failed + this.#uncounted }
    const culprit = culpritOf(this.#recent, all)
    if (culprit === 'line') this.#failuresWhileOthersPassed += 1
    if (this.#unknownFailures >= MAX_FAILURES || waitedMs > MAX_WAIT_MS) {
      if (culprit === undefined) return 'unclear'
      if (culprit === 'endpoint') return 'outage'
      if (this.#failuresWhileOthersPassed >= MIN_FAILURES_WHILE_OTHERS_PASS) return 'poison'
    }
    this.#recent = all
    return 'retry'
  }
}

/**
 * Whether the line or the endpoint causes the failures of a line, judged by the answers to other lines between its last two failures.
 * Earlier answers say nothing, since an outage may have begun meanwhile.
 *
 * @param before the answers up to the failure before its last
 * @param after the answers up to its last failure, including that one
 * @returns undefined if no other line got an answer in between
 */
export function culpritOf(before: AnswerCounts, after: AnswerCounts): 'line' | 'endpoint' | undefined {
  const accepted = after.accepted - before.accepted
  const othersFailed = after.failed - before.failed - 1 // one is its own
  if (accepted + othersFailed === 0) return undefined
  return accepted > othersFailed ? 'line' : 'endpoint'
}
