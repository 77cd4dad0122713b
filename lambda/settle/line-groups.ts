import { union, type LineRange, type LineRanges } from '../common/line-ranges.ts'
import type { ReasonCode } from '../reasons.ts'
import type { GroupExample, LineGroup } from './dead-letter.ts'

/** The groups of a file, or of a segment of it. */
export type LineGroups = Readonly<Partial<Record<ReasonCode, LineGroup>>>

/** More ranges are not stored in a checkpoint, which is written every few seconds. */
const MAX_RANGES = 2_000
/** Examples that a segment keeps. */
const MAX_EXAMPLES = 10
/** The limits of the dead letter, so that SQS accepts it. */
const MAX_MERGED = { ranges: 5_000, examples: 20 } as const

interface Growing {
  lines: number
  ranges: LineRanges
  /** Lines since the last call of `groups`, as ranges in order. */
  readonly latest: [number, number][]
  isCoarse: boolean
  readonly examples: GroupExample[]
}

/** Collects the lines of a segment that share a dead letter. It begins with what the last checkpoint shows. */
export class LineGrouping {
  readonly #groups = new Map<ReasonCode, Growing>()

  constructor(earlier: LineGroups) {
    for (const [reason, { lines, ranges, isCoarse = false, examples }] of entriesOf(earlier))
      this.#groups.set(reason, { lines, ranges, latest: [], isCoarse, examples: [...examples] })
  }

  /** @param exampleOf called if the line is one of the first */
  add(reason: ReasonCode, line: number, exampleOf: () => GroupExample): void {
    const group = this.#groups.get(reason) ?? { lines: 0, ranges: [], latest: [], isCoarse: false, examples: [] }
    this.#groups.set(reason, group)
    group.lines += 1
    const last = group.latest.at(-1)
    if (last?.[1] === line - 1) last[1] = line
    else group.latest.push([line, line])
    if (group.latest.length > MAX_RANGES) include(group)
    if (group.examples.length < MAX_EXAMPLES) group.examples.push(exampleOf())
  }

  groups(): LineGroups {
    return Object.fromEntries(
      [...this.#groups].map(([reason, group]) => {
        include(group)
        return [reason, groupOf(group)]
      }),
    )
  }
}

function include(group: Growing): void {
  const { ranges, isCoarse } = bounded(union(group.ranges, group.latest), MAX_RANGES)
  group.ranges = ranges
  group.isCoarse ||= isCoarse
  group.latest.length = 0
}

function groupOf({ lines, ranges, isCoarse, examples }: Omit<Growing, 'latest'>): LineGroup {
  return { lines, ranges, ...(isCoarse && { isCoarse }), examples: [...examples] }
}

/** The groups of a file from those of its segments. */
export function mergeGroups(parts: readonly LineGroups[]): LineGroups {
  const byReason = Map.groupBy(parts.flatMap(entriesOf), ([reason]) => reason)
  return Object.fromEntries(
    [...byReason].map(([reason, entries]) => {
      const groups = entries.map(([, group]) => group)
      const { ranges, isCoarse } = bounded(union(...groups.map((group) => group.ranges)), MAX_MERGED.ranges)
      return [
        reason,
        groupOf({
          lines: groups.reduce((sum, { lines }) => sum + lines, 0),
          ranges,
          isCoarse: isCoarse || groups.some((group) => group.isCoarse === true),
          examples: groups
            .flatMap(({ examples }) => examples)
            .toSorted((a, b) => a.number - b.number)
            .slice(0, MAX_MERGED.examples),
        }),
      ]
    }),
  )
}

export function entriesOf(groups: LineGroups): readonly (readonly [ReasonCode, LineGroup])[] {
  return Object.entries(groups) as [ReasonCode, LineGroup][]
}

/** Joins the ranges with the smallest gaps between them if there are too many. Half of them stay, so this is seldom necessary. */
function bounded(ranges: LineRanges, max: number): { readonly ranges: LineRanges; readonly isCoarse: boolean } {
  if (ranges.length <= max) return { ranges, isCoarse: false }
  const gaps = ranges.slice(1).map(([first], index) => first - (ranges[index]?.[1] ?? first))
  const widest = gaps.toSorted((a, b) => b - a)[max >>> 1] ?? 0
  const joined: LineRange[] = []
  for (const [first, last] of ranges) {
    const previous = joined.at(-1)
    if (previous !== undefined && first - previous[1] <= widest) joined[joined.length - 1] = [previous[0], last]
    else joined.push([first, last])
  }
  return { ranges: joined, isCoarse: true }
}
