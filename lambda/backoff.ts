const FIRST_CEILING_MS = 250
const CEILING_MS = 20_000
/** The longest that a `Retry-After` is believed: beyond it the answer is absurd, or an outage for the queue to wait out. */
export const LONGEST_RETRY_AFTER_MS = 120_000

/**
 * How long to wait before try `tries + 1`: full jitter, so that lines that failed together do not come back together.
 *
 * @param tries tries so far, from 1
 * @param chance from 0 up to 1
 * @see Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog
 */
export function backoffMs(tries: number, chance: number): number {
  return chance * Math.min(CEILING_MS, FIRST_CEILING_MS * 2 ** (tries - 1))
}

/**
 * What a `Retry-After` header asks for: seconds, or an HTTP date.
 *
 * @param nowMs the clock, since a date is meant relative to it
 * @returns milliseconds from 0 to LONGEST_RETRY_AFTER_MS; `undefined` for what cannot be read
 * @see RFC 9110, 10.2.3
 */
export function retryAfterMs(header: string, nowMs: number): number | undefined {
  const text = header.trim()
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  if (Number.isNaN(asked)) return undefined
  return Math.min(Math.max(asked, 0), LONGEST_RETRY_AFTER_MS)
}
