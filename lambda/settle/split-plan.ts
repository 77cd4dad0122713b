import type { Segment } from '../intake/task.ts'
import type { Breakage } from './checkpoint.ts'

export const PLAN_SCHEMA = 'kissmetrics-importer/plan/v1'

/** How a large drop is cut: the segments so far, each sent to the import queue before it stands here. */
export interface Plan {
  readonly schema: typeof PLAN_SCHEMA
  readonly bytes: number
  readonly segments: readonly Segment[]
  readonly isComplete: boolean
  readonly breakage?: Breakage
  readonly startedAt: string
  readonly invocations: number
}
