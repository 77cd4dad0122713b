import * as v from 'valibot'
import { refuseNewer } from '../schema.ts'
import type { ClosedCounts } from './closed-lines.ts'

export const CLOSED_GROUPS_SCHEMA = 'kissmetrics-importer/closed-groups/v1'

// Unknown fields are kept when the document is written again: a newer version may have added them.
const ClosedGroupsBody = v.looseObject({
  schema: v.literal(CLOSED_GROUPS_SCHEMA),
  discarded: v.record(v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
})

/** The groups of rejected lines of one file that a person has discarded, with their lines. The numbers only grow. */
export type ClosedGroups = v.InferOutput<typeof ClosedGroupsBody>

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

export function withClosedGroups(earlier: ClosedGroups, closed: readonly ClosedGroup[]): ClosedGroups {
  const discarded = { ...earlier.discarded }
  for (const { reason, lines } of closed) discarded[reason] = Math.max(discarded[reason] ?? 0, lines)
  return { ...earlier, discarded }
}

/** What the report of the file counts. */
export function countClosedGroups({ discarded }: ClosedGroups): ClosedCounts {
  return { fixed: 0, closed: Object.values(discarded).reduce((sum, lines) => sum + lines, 0) }
}
