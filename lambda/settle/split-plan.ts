import type { Segment } from '../intake/task.ts'
import type { Failure } from './checkpoint.ts'

export const SPLIT_PLAN_SCHEMA = 'kissmetrics-importer/plan/v1'

/** How a large drop is cut: the segments so far, each sent to the import queue before it stands here. */
export interface SplitPlan {
  readonly schema: typeof SPLIT_PLAN_SCHEMA
  readonly bytes: number
  readonly segments: readonly Segment[]
  readonly isComplete: boolean
  readonly failure?: Failure
  readonly startedAt: string
  readonly invocations: number
}
