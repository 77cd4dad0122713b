import type { AnswerCounts } from './blame.ts'

/** What was known when an attempt began; the tally is of all answers before it. */
export interface Attempt extends AnswerCounts {
  /** Attempts are numbered from 1 in the order in which they begin. */
  readonly number: number
  readonly at: number
  /** How many were in flight, itself included. */
  readonly inFlight: number
}

/**
 * What an answer says about the endpoint, whatever it says about the line: `taken`, also where the line itself was found bad;
 * `refused`, because it is busy; `failed`, which may have many reasons.
 */
export type Sign = 'taken' | 'refused' | 'failed'
