import type { Rejection } from '../reasons.ts'
import { emptyCounts, type Counts } from './counts.ts'
import type { Watermark } from './ledger.ts'

export const CHECKPOINT_SCHEMA = 'kissmetrics-importer/checkpoint/v1'

/** Why a segment ended before its lines did. */
export type Failure =
  /** The file was rejected. `replays` is that of the task: a later replay tries again. */
  | { readonly kind: 'failed'; readonly rejection: Rejection; readonly replays: number }
  /** The object was deleted or replaced. */
  | { readonly kind: 'missing'; readonly state: 'gone' | 'superseded' }

/** How far the import of a segment has got: everything that the next run needs to continue, and that the report needs. */
export interface Checkpoint {
  readonly schema: typeof CHECKPOINT_SCHEMA
  /** All lines before it are settled. */
  readonly watermark: Watermark
  /** Number of the newest line that may have been sent when the checkpoint was saved. */
  readonly newest: number
  /** Counts of the lines before the watermark. */
  readonly counts: Counts
  readonly isDone: boolean
  readonly failure?: Failure
  /** Size of the whole object; 0 until it was opened. */
  readonly bytes: number
  /** When the first run began, ISO 8601. */
  readonly startedAt: string
  readonly invocations: number
  /** How many lines may have been sent twice, over all runs. */
  readonly repeatsPossible: number
}

export interface FirstCheckpoint {
  /** Where the segment begins. */
  readonly start: Watermark
  readonly startedAt: string
  /** Whether the earlier run ended without a last checkpoint. */
  readonly hasCrashed: boolean
  /** How many lines a run that crashes can have sent beyond its last checkpoint. */
  readonly maxRepeats: number
}

/** The checkpoint that a run begins with: that of the run before, or an empty one. */
export function beginCheckpoint(
  earlier: Checkpoint | undefined,
  { start, startedAt, hasCrashed, maxRepeats }: FirstCheckpoint,
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
      // There was a checkpoint that cannot be parsed. It may have been one of the last line.
      repeatsPossible: hasCrashed ? Number.MAX_SAFE_INTEGER : 0,
    }
  }
  const { failure: _failure, ...rest } = earlier
  return {
    ...rest,
    isDone: false,
    invocations: earlier.invocations + 1,
    repeatsPossible: earlier.repeatsPossible + (hasCrashed ? maxRepeats : earlier.newest - earlier.watermark.line),
  }
}
