import type { Rejection } from '../reasons.ts'
import type { Watermark } from './ledger.ts'
import { emptyCounts, type Counts } from './counts.ts'

export const CHECKPOINT_SCHEMA = 'kissmetrics-importer/checkpoint/v1'

/** How a segment ended other than line by line. */
export type Failure =
  /** @param replays of the message that found it so: a later one may try again */
  | { readonly kind: 'failed'; readonly rejection: Rejection; readonly replays: number }
  | { readonly kind: 'missing'; readonly state: 'gone' | 'superseded' }

/** How far the import of a segment is: everything that the next run needs to go on, and the report to be right. */
export interface Checkpoint {
  readonly schema: typeof CHECKPOINT_SCHEMA
  /** All lines before it are settled. */
  readonly watermark: Watermark
  /** The newest line that may have been sent, where the run has told. */
  readonly newest: number
  /** What became of the lines before the mark. */
  readonly counts: Counts
  readonly isDone: boolean
  readonly failure?: Failure
  /** Size of the whole object; 0 until it was opened. */
  readonly bytes: number
  readonly startedAt: string
  readonly invocations: number
  readonly repeatsPossible: number
}

/**
 * The checkpoint that a run begins with.
 *
 * @param start where the segment begins
 * @param maxRepeats how many lines a run that broke off without a word can have sent beyond its last checkpoint
 */
export function beginCheckpoint(
  earlier: Checkpoint | undefined,
  { start, startedAt, brokeOff, maxRepeats }: { start: Watermark; startedAt: string; brokeOff: boolean; maxRepeats: number },
): Checkpoint {
  if (earlier === undefined) {
    return {
      schema: CHECKPOINT_SCHEMA,
      watermark: start,
      newest: start.line,
      counts: emptyCounts(),
      isDone: false,
      bytes: 0,
      startedAt,
      invocations: 1,
      // A checkpoint that could not be understood may have been one of the last line.
      repeatsPossible: brokeOff ? Number.MAX_SAFE_INTEGER : 0,
    }
  }
  const { failure: _breakage, ...rest } = earlier
  return {
    ...rest,
    isDone: false,
    invocations: earlier.invocations + 1,
    repeatsPossible: earlier.repeatsPossible + (brokeOff ? maxRepeats : earlier.newest - earlier.watermark.line),
  }
}
