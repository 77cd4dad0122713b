/** How many answers there had been at one moment, over all lines. */
export interface Tally {
  readonly delivered: number
  readonly failed: number
}

/** What was counted when, for one line that failed at every try. */
export interface Trouble {
  /** How often it was tried, which is how often it failed. */
  readonly tries: number
  /** Before its first try. */
  readonly start: Tally
  /** After its first try. */
  readonly first: Tally
  /** After its last try but one. */
  readonly recent: Tally
  /** After its last try. */
  readonly now: Tally
}

/**
 * Whose fault it is that a line failed at every try: its own, or the endpoint's.
 *
 * The other lines tell. How they did since its last try but one says most; where nobody was tried since then, how they did since its
 * first, and at the end of a drop, how they did since it began. With no witness at all it is the endpoint: an outage must never fill
 * the dead-letter queue, while a line taken for an outage only waits in the import queue.
 */
export function blameFor({ tries, start, first, recent, now }: Trouble): 'line' | 'endpoint' {
  const sightings = [
    { since: recent, own: 1 },
    { since: first, own: tries - 1 },
    { since: start, own: tries },
  ]
  for (const { since, own } of sightings) {
    const delivered = now.delivered - since.delivered
    const failed = now.failed - since.failed - own
    if (delivered + failed > 0) return delivered > failed ? 'line' : 'endpoint'
  }
  return 'endpoint'
}
