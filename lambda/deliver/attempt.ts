/** How many answers there were up to some moment, over all lines. */
export interface AnswerCounts {
  readonly accepted: number
  /** Failures, and answers that asked for fewer requests. */
  readonly failed: number
}

/** One request that was begun, and what was known at that moment. The limiter creates it; the throttle and the retry state compare it. */
export interface Attempt extends AnswerCounts {
  /** Attempts are numbered from 1 in the order in which they begin. */
  readonly number: number
  /** When it began, in milliseconds since 1970. */
  readonly at: number
  /** Attempts in flight at that moment, this one included. */
  readonly inFlight: number
}

/**
 * What an answer says about the endpoint, whatever it says about the line.
 *
 * - `accepted`: the endpoint works. It may still have found this line unacceptable.
 * - `throttled`: the endpoint asks for fewer requests.
 * - `failed`: anything else, which has many possible causes.
 */
export type AttemptResult = 'accepted' | 'throttled' | 'failed'
