import type { Attempt } from './attempt.ts'
import { blameFor, type AnswerCounts } from './blame.ts'
import type { AnswerClass } from './classify.ts'

/** Tries of one request that may be held against its line. */
const MAX_TRIES = 10
/** So often it has to have failed while others passed: its other failures may have been those of an outage that is just over. */
const ALONE_IN_FAILING = 3
/** How long a line may be put off by an endpoint that is busy, before that is an outage. */
const PATIENCE_MS = 5 * 60_000
/** How long a name may fail to resolve before somebody has to look at it. DNS comes and goes, above all in a VPC. */
const UNRESOLVED_PATIENCE_MS = 60_000

export type Failure = Extract<AnswerClass, { kind: 'again' | 'unresolved' }>

/** What a failure means; `unclear` where it is the line or the endpoint, and no other line was there to tell. */
export type End = 'again' | 'line' | 'endpoint' | 'unclear' | 'setup'

/** A request that was not taken, and what has to come of that. */
export class RetryState {
  readonly #start: Attempt
  #recent: AnswerCounts
  #failures = 0
  #heldAgainstLine = 0
  #aloneInFailing = 0
  #isSuspect = false
  /** Failures of its own that are not in the tally, since it is suspect. */
  #uncounted = 0

  /** @param start its first attempt */
  constructor(start: Attempt) {
    this.#start = start
    this.#recent = start
  }

  get failures(): number {
    return this.#failures
  }

  /**
   * Whether this failure, too, is to be taken for the line's own: it failed before, and others passed meanwhile. Such a line is no
   * witness against the endpoint; else a few bad ones at the end of a drop, with only each other for company, would be an outage.
   *
   * @param tally before this failure
   */
  suspect(failure: Failure, answers: AnswerCounts): boolean {
    if (failure.kind !== 'again' || failure.blame !== 'line') return false
    if (this.#failures > 0 && answers.taken > this.#recent.taken) this.#isSuspect = true
    if (this.#isSuspect) this.#uncounted += 1
    return this.#isSuspect
  }

  /** @param tally after this failure @param failingMs for how long there has been no good answer for anybody */
  fail(failure: Failure, now: number, answers: AnswerCounts, failingMs: number): End {
    this.#failures += 1
    if (failure.kind === 'again' && failure.blame === 'line') this.#heldAgainstLine += 1
    const waitedMs = now - this.#start.at
    if (failure.kind === 'unresolved' && Math.max(waitedMs, failingMs) > UNRESOLVED_PATIENCE_MS) return 'setup'
    const seen = this.#withOwn(answers)
    const blame = blameFor({ recent: this.#recent, now: seen })
    if (blame === 'line') this.#aloneInFailing += 1
    if (this.#heldAgainstLine >= MAX_TRIES || waitedMs > PATIENCE_MS) {
      if (blame !== 'line') return blame ?? 'unclear'
      if (this.#aloneInFailing >= ALONE_IN_FAILING) return 'line'
    }
    this.#recent = seen
    return 'again'
  }

  #withOwn({ taken, failed }: AnswerCounts): AnswerCounts {
    return { taken, failed: failed + this.#uncounted }
  }
}
