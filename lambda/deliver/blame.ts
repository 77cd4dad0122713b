/** How many answers there had been at one moment, over all lines. */
export interface AnswerCounts {
  readonly taken: number
  readonly failed: number
}

/** What was counted when, for one line that failed at every try. */
export interface Trouble {
  /** After its last try but one. */
  readonly recent: AnswerCounts
  /** After its last try. */
  readonly now: AnswerCounts
}

/**
 * Whose fault it is that a line failed at every try: its own, or the endpoint's. The other lines tell, by how they did since its last try
 * but one; what was before that says nothing, since an outage may have begun meanwhile.
 *
 * @returns undefined where there is no witness
 */
export function blameFor({ recent, now }: Trouble): 'line' | 'endpoint' | undefined {
  const taken = now.taken - recent.taken
  const failed = now.failed - recent.failed - 1 // but for its own
  if (taken + failed === 0) return undefined
  return taken > failed ? 'line' : 'endpoint'
}
