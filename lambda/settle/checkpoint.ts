import type { ReasonCode, Rejection } from '../reasons.ts'
import type { Rule } from '../rules/rule.ts'
import { emptyCounts } from './counts.ts'
import type { Progress, Watermark } from './ledger.ts'

export const CHECKPOINT_SCHEMA = 'kissmetrics-importer/checkpoint/v1'

/** Why a segment ended before its lines did. */
export type Failure =
  /** The file was rejected. `replays` is that of the task: a later replay tries again. */
  | { readonly kind: 'failed'; readonly rejection: Rejection; readonly replays: number }
  /** The object was deleted or replaced. */
  | { readonly kind: 'missing'; readonly state: 'gone' | 'superseded' }
  /** A person has cancelled the import. @param at ISO 8601 */
  | { readonly kind: 'cancelled'; readonly at: string }

/** The wait of a segment after an outage. One message ends it. */
export interface Wait {
  /** The message that ends it carries this id. */
  readonly id: string
  /** When SQS delivers that message, milliseconds since 1970. */
  readonly until: number
}

/** How far the import of a segment has got: everything that the next run needs to continue, and that the report needs. */
export interface Checkpoint extends Progress {
  readonly schema: typeof CHECKPOINT_SCHEMA
  /** Number of the newest line that may have been sent when the checkpoint was saved. */
  readonly newest: number
  /** Number of the newest line that any run may have sent, killed runs included. Absent if no run was killed. */
  readonly farthest?: number
  readonly isDone: boolean
  /** Of the bytes of the segment, in hexadecimal digits. Only once it is done. */
  readonly sha256?: string
  readonly failure?: Failure
  /** After an outage: the message that waits, until it is due. Written after the lease was released. */
  readonly wait?: Wait
  /** The replay that uploaded the file, if it was one. */
  readonly replay?: string
  /** Size of the whole object; 0 until it was opened. */
  readonly bytes: number
  /** When the first run began, ISO 8601. */
  readonly startedAt: string
  readonly invocations: number
  /** How many requests may have repeated an earlier one, over all runs. */
  readonly repeatsPossible: number
  /** Of these, tries that were counted: each was sent after the answer to the one before was lost. The others are an estimate. */
  readonly repeatedTries: number
  /** The import rules that the import of the file began with. They stay, whatever happens to the stored rules, so that a retry is identical. */
  readonly rules?: readonly Rule[]
  /** Lines that are rejected for one of these reasons share a dead letter. */
  readonly grouped?: readonly ReasonCode[]
}

export interface FirstCheckpoint {
  /** Where the segment begins. */
  readonly start: Watermark
  readonly startedAt: string
  /** Whether the earlier run ended without a last checkpoint. */
  readonly hasCrashed: boolean
  /** How many requests a run that crashes can have sent that its last checkpoint does not show. */
  readonly maxRepeats: number
  /** The import rules for an import that begins. */
  readonly rules?: readonly Rule[]
  /** As the decision about the file says, if it is known. It never changes once lines may be sent. */
  readonly grouped?: readonly ReasonCode[] | undefined
  /** How many lines a run that crashes can have sent beyond those that its last checkpoint shows. */
  readonly maxUnsaved: number
}

/** The checkpoint that a run begins with: that of the run before, or an empty one. */
export function beginCheckpoint(
  earlier: Checkpoint | undefined,
  { start, startedAt, hasCrashed, maxRepeats, maxUnsaved, rules = [], grouped = [] }: FirstCheckpoint,
): Checkpoint {
  if (earlier === undefined) {
    return {
      schema: CHECKPOINT_SCHEMA,
      watermark: start,
      ended: [],
      newest: start.line,
      ...(hasCrashed && { farthest: Number.MAX_SAFE_INTEGER }),
      counts: emptyCounts(),
      isDone: false,
      bytes: 0,
      startedAt,
      invocations: 1,
      // There was a checkpoint that cannot be parsed. It may have been one of the last line.
      repeatsPossible: hasCrashed ? Number.MAX_SAFE_INTEGER : 0,
      repeatedTries: 0,
      ...(rules.length > 0 && { rules }),
      ...(grouped.length > 0 && { grouped }),
    }
  }
  const { failure: _failure, wait: _wait, sha256: _sha256, ...rest } = earlier
  return {
    ...(canChangeRules(earlier, start) ? withRules(rest, rules) : rest),
    ...(grouped.length > 0 && { grouped }),
    isDone: false,
    ...(hasCrashed && { farthest: Math.max(earlier.farthest ?? 0, doneLines(earlier) + maxUnsaved) }),
    invocations: earlier.invocations + 1,
    repeatsPossible: earlier.repeatsPossible + (hasCrashed ? maxRepeats : Math.max(0, earlier.newest - doneLines(earlier))),
  }
}

/** Whether the file was rejected before its first line was sent. Then a replay uses the rules that were added for it. */
function canChangeRules({ failure, newest }: Checkpoint, start: Watermark): boolean {
  return failure?.kind === 'failed' && newest === start.line
}

function withRules<T extends { readonly rules?: readonly Rule[] }>({ rules: _rules, ...rest }: T, rules: readonly Rule[]) {
  return { ...rest, ...(rules.length > 0 && { rules }) }
}

/** Number of the last line that has ended, if those that have ended were the first ones. It grows whenever a line ends. */
export function doneLines({ watermark, ended }: Pick<Progress, 'watermark' | 'ended'>): number {
  return ended.reduce((lines, [first, last]) => lines + last - first + 1, watermark.line)
}
