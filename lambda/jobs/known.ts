import type { FoundReport } from '../ports.ts'
import type { ReasonCode } from '../reasons.ts'
import type { SplitPlan } from '../settle/split-plan.ts'
import type { ReadRules } from './import-rules.ts'
import type { StartOrders } from './run-segment.ts'

/** What was stored about the file when the run began. */
export interface Known {
  readonly found: FoundReport | undefined
  readonly plan: SplitPlan | undefined
  readonly readRules: ReadRules
  /** Whether it is still to be decided if the file may be imported. */
  readonly needsCheck: boolean
  /** Lines that are rejected for one of these reasons share a dead letter. */
  readonly grouped: readonly ReasonCode[] | undefined
  readonly orders: StartOrders
}
