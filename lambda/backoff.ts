/** How long retries wait. Both fields have the same unit, which is also the unit of the result. */
export interface Backoff {
  /** Ceiling after the first failure. It doubles with each further failure. */
  readonly first: number
  /** The ceiling stops growing here. */
  readonly max: number
}

/**
 * The longest wait before the next try: it doubles with each failure, up to a maximum.
 *
 * @param failures failures in a row so far, from 1
 */
export function backoffCeiling(failures: number, { first, max }: Backoff): number {
  return Math.min(max, first * 2 ** (failures - 1))
}

/**
 * A random wait before the next try, from 0 to the ceiling ("full jitter"), so that requests that failed together are not retried together.
 *
 * @param failures failures in a row so far, from 1
 * @param chance a random number from 0 (inclusive) to 1 (exclusive)
 * @see Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog
 */
export function fullJitter(failures: number, chance: number, backoff: Backoff): number {
  return chance * backoffCeiling(failures, backoff)
}

/** How many further tries one run can make for each request in flight, for lines that are open: their waits take the time of an invocation. */
export const MAX_FURTHER_TRIES = 40

/** A longer `Retry-After` is cut to this: it is either absurd or an outage, and the import queue waits out outages. */
export const MAX_RETRY_AFTER_MS = 120_000

/**
 * The wait that a `Retry-After` header asks for, in seconds or as an HTTP date.
 *
 * @param nowMs the current time, because a date is converted to a wait
 * @returns milliseconds from 0 to MAX_RETRY_AFTER_MS, or undefined if the header cannot be parsed
 * @see RFC 9110, 10.2.3
 */
export function retryAfterMs(header: string, nowMs: number): number | undefined {
  const text = header.trim()
  const requested = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  if (Number.isNaN(requested)) return undefined
  return Math.min(Math.max(requested, 0), MAX_RETRY_AFTER_MS)
}
