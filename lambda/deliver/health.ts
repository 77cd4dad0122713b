/** How many answers there had been at one moment, over all lines. */
export interface Tally {
  readonly delivered: number
  readonly failed: number
}

/** What was counted when, for one line that keeps failing. */
export interface Trouble {
  /** When its first try began. */
  readonly start: Tally
  /** After its last try but one had failed. */
  readonly recent: Tally
  /** Now, its own last failure included. */
  readonly now: Tally
}

/**
 * Whose fault it is that a line failed at every try: its own, or the endpoint's.
 *
 * The others tell. Those tried since its last try but one say how the endpoint does now; where there were none, as at the end of
 * a drop, those delivered since its first try do. With no witness at all it is the endpoint: an outage must never fill the
 * dead-letter queue, while a line taken for an outage only waits in the import queue.
 */
export function blameFor({ start, recent, now }: Trouble): 'line' | 'endpoint' {
  const othersDelivered = now.delivered - recent.delivered
  const othersFailed = now.failed - recent.failed - 1
  if (othersDelivered + othersFailed > 0) return othersDelivered > othersFailed ? 'line' : 'endpoint'
  return now.delivered > start.delivered ? 'line' : 'endpoint'
}
