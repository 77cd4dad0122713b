import * as v from 'valibot'
import { countLines, difference, union, type LineRanges } from '../common/line-ranges.ts'
import { refuseNewer } from '../common/schema.ts'
import { Ranges, type ClosedCounts } from './closed-lines.ts'

export const CLOSED_GROUPS_SCHEMA = 'kissmetrics-importer/closed-groups/v1'

const SendBody = v.looseObject({ reason: v.string(), run: v.string(), file: v.string(), at: v.string(), lines: Ranges })

// Unknown fields are kept when the document is written again: a newer version may have added them.
const ClosedGroupsBody = v.looseObject({
  schema: v.literal(CLOSED_GROUPS_SCHEMA),
  discarded: v.record(v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  sent: v.exactOptional(v.record(v.string(), Ranges)),
  sending: v.exactOptional(v.array(SendBody)),
})

/** What became of the groups of rejected lines of one file. The numbers and sets only grow. */
export interface ClosedGroups {
  readonly schema: typeof CLOSED_GROUPS_SCHEMA
  /** Groups that a person has discarded, with how many of their lines were not sent before. */
  readonly discarded: Readonly<Record<string, number>>
  /** The lines of each group that replays have uploaded. They are no longer lines of the group: their replay closes them. */
  readonly sent?: Readonly<Record<string, LineRanges>>
  readonly sending?: readonly GroupSend[]
}

/** Lines of a group that a replay is about to upload, or has uploaded without noting it. No other replay may send them. */
export interface GroupSend {
  readonly reason: string
  /** Unique id of the upload. The file has it as metadata, so the file says whether they were sent. */
  readonly run: string
  /** Key of the file that is uploaded. */
  readonly file: string
  /** ISO 8601. */
  readonly at: string
  readonly lines: LineRanges
}

/** A group that is closed. */
export interface ClosedGroup {
  readonly reason: string
  readonly lines: number
}

/** @param key where it is stored @throws NewerVersionError */
export function readClosedGroups(value: unknown, key: string): ClosedGroups {
  refuseNewer(value, CLOSED_GROUPS_SCHEMA, key)
  const parsed = v.safeParse(ClosedGroupsBody, value)
  return parsed.success ? parsed.output : { schema: CLOSED_GROUPS_SCHEMA, discarded: {} }
}

/** Closes the lines of discarded groups, but for those that a replay has sent: what becomes of these is counted for each line. */
export function withClosedGroups(earlier: ClosedGroups, closed: readonly ClosedGroup[]): ClosedGroups {
  const discarded = { ...earlier.discarded }
  for (const { reason, lines } of closed) {
    const left = Math.max(0, lines - countLines(takenLines(earlier, reason)))
    discarded[reason] = Math.max(discarded[reason] ?? 0, left)
  }
  return { ...earlier, discarded }
}

/** The lines of a group that replays have sent, or may be sending. */
export function takenLines({ sent = {}, sending = [] }: ClosedGroups, reason: string): LineRanges {
  return union(sent[reason] ?? [], ...sending.flatMap((send) => (send.reason === reason ? [send.lines] : [])))
}

/** Takes lines for an upload: those that are not taken yet. None if the group is discarded. */
export function withSend(earlier: ClosedGroups, send: GroupSend): ClosedGroups {
  const { sending = [], discarded } = earlier
  if (discarded[send.reason] !== undefined || sending.some(({ run }) => run === send.run)) return earlier
  const lines = difference(send.lines, takenLines(earlier, send.reason))
  return lines.length === 0 ? earlier : { ...earlier, sending: [...sending, { ...send, lines }] }
}

/** How uploads have ended: by run. Those that are missing here have not ended. */
export type SendResults = ReadonlyMap<string, 'uploaded' | 'abandoned'>

/** The lines of uploads that have ended are sent, or free again. */
export function withSendResults(earlier: ClosedGroups, results: SendResults): ClosedGroups {
  const { sending = [] } = earlier
  if (!sending.some(({ run }) => results.has(run))) return earlier
  const sent = { ...earlier.sent }
  for (const { run, reason, lines } of sending)
    if (results.get(run) === 'uploaded') sent[reason] = union(sent[reason] ?? [], lines)
  return { ...earlier, sent, sending: sending.filter(({ run }) => !results.has(run)) }
}

/** What the report of the file counts. */
export function countClosedGroups({ discarded }: ClosedGroups): ClosedCounts {
  return { fixed: 0, closed: Object.values(discarded).reduce((sum, lines) => sum + lines, 0) }
}
