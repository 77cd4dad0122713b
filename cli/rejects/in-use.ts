import { counted, grouped } from '../terminal/numbers.ts'

/**
 * How many dead letters another reader holds.
 *
 * SQS counts approximately, and dead letters arrive and go during the scan: the smaller count is used, so that none is invented.
 *
 * @param before messages in the queue before the scan, visible and hidden @param after the same after it @param seen by the scan
 */
export function countInUse(before: number, after: number, seen: number): number {
  return Math.max(0, Math.min(before, after) - seen)
}

/** What a scan did not see. */
export interface Unseen {
  /** Dead letters that another command, page or job is reading. */
  readonly inUse: number
  /** False if the scan did not reach every dead letter. */
  readonly isComplete: boolean
}

/** @returns undefined if the scan saw everything */
export function unseenText({ inUse, isComplete }: Unseen): string | undefined {
  if (inUse > 0)
    return inUse === 1
      ? '1 more is in use; it reappears within 5 minutes.'
      : `${grouped(inUse)} more are in use; they reappear within 5 minutes.`
  // SQS hides at most 120,000 messages of a queue at a time.
  return isComplete ? undefined : `There are more: one run reads at most ${counted(100_000, 'dead letter')}.`
}
