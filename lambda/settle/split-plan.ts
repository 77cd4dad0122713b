import type { Segment } from '../intake/task.ts'
import type { Failure } from './checkpoint.ts'

export const SPLIT_PLAN_SCHEMA = 'kissmetrics-importer/plan/v1'

/** How a large file is split: its segments so far. Each segment was sent to the import queue before it was added to the plan. */
export interface SplitPlan {
  readonly schema: typeof SPLIT_PLAN_SCHEMA
  /** Size of the whole object. */
  readonly bytes: number
  readonly segments: readonly Segment[]
  /** Whether the segments cover the whole file. */
  readonly isComplete: boolean
  readonly failure?: Failure
  /** Whether each segment is surveyed before the first is imported. Absent if an earlier version has split the file, or all rules were off. */
  readonly isSurveyed?: true
  /** ISO 8601. */
  readonly startedAt: string
  readonly invocations: number
}
