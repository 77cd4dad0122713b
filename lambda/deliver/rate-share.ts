/** An invocation that holds a share of the limit. */
export interface ShareHolder {
  /** Unique id of the run. */
  readonly run: string
  /** Lines a second that it may send. */
  readonly share: number
  /** Lines a second that it could use; absent if it could use any share. */
  readonly wants?: number
  /** When the share ends unless it is renewed, milliseconds since 1970. */
  readonly until: number
}

/** Who may send how much of the limit that all invocations share. */
export interface RateShares {
  /** Lines a second, of all invocations together. */
  readonly limit: number
  readonly holders: readonly ShareHolder[]
}

/** Clocks of invocations differ, so a share that has ended is left unused for a moment. */
export const CLOCK_MARGIN_MS = 1_000

export interface ShareClaim {
  readonly run: string
  /** Lines a second. */
  readonly limit: number
  /** Left out: any share. */
  readonly wants?: number | undefined
  readonly now: number
  readonly leaseMs: number
}

/**
 * Claims or renews the share of one run. The shares that have not ended never add up to more than the limit.
 *
 * Each run is entitled to a fair share: the limit is divided among all that hold one or wait for one, and what a run cannot use is divided
 * among the others. A run takes less as soon as its part has become smaller, and more only when others have left it. There is no coordinator:
 * each run does this with the document that it has read, and writes the result back only if nobody else has.
 */
export function claimShare(shares: RateShares | undefined, { run, limit, wants, now, leaseMs }: ShareClaim): RateShares {
  const others = (shares?.holders ?? []).filter((holder) => holder.run !== run && holder.until + CLOCK_MARGIN_MS > now)
  const taken = others.reduce((sum, { share }) => sum + share, 0)
  const fair = fairShare([{ wants }, ...others], limit)
  const share = Math.max(0, Math.min(fair, limit - taken))
  const own: ShareHolder = { run, share, ...(wants !== undefined && { wants }), until: now + leaseMs }
  return { limit, holders: [...others, own] }
}

/** Gives the share of one run back, so that others can use it at once. */
export function releaseShare(shares: RateShares, run: string): RateShares {
  return { ...shares, holders: shares.holders.filter((holder) => holder.run !== run) }
}

/**
 * The fair share of the first of the runs: nobody gets more than it wants, and what is left over is divided evenly among the others.
 *
 * @see "Max-min fairness" in any book about computer networks
 */
function fairShare(runs: readonly { readonly wants?: number | undefined }[], limit: number): number {
  const [first] = runs
  let left = limit
  let count = runs.length
  for (const wants of runs.map((run) => run.wants ?? Infinity).toSorted((a, b) => a - b)) {
    if (wants > left / count) break
    if (wants === first?.wants) return wants
    left -= wants
    count -= 1
  }
  return Math.min(first?.wants ?? Infinity, left / count)
}
