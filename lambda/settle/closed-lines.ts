import * as v from 'valibot'
import { countLines, difference, rangesOf, union, type LineRanges } from '../common/line-ranges.ts'
import { refuseNewer } from '../common/schema.ts'

export const CLOSED_LINES_SCHEMA = 'kissmetrics-importer/closed-lines/v1'

const LineNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
/** Ranges of line numbers, as documents store them. */
export const Ranges = v.array(v.strictTuple([LineNumber, LineNumber]))

// Unknown fields are kept when the document is written again: a newer version may have added them.
const ClosedLinesBody = v.looseObject({
  schema: v.literal(CLOSED_LINES_SCHEMA),
  fixed: Ranges,
  discarded: Ranges,
  undeliverable: Ranges,
})

/**
 * Rejected lines of one file that a person has dealt with. Sets of line numbers only grow, so that writing the same line twice changes
 * nothing.
 */
export interface ClosedLines {
  readonly schema: typeof CLOSED_LINES_SCHEMA
  /** Fixed and delivered, or delivered as they were by a replay. */
  readonly fixed: LineRanges
  /** A line that is also in `fixed` was delivered after all. */
  readonly discarded: LineRanges
  /** Of both, those whose dead letter was written because the endpoint refused the line. */
  readonly undeliverable: LineRanges
}

/** How the report of a file counts a line that was not delivered. */
export type CountedAs = 'rejected' | 'undeliverable'

export interface ClosedLine {
  readonly line: number
  readonly as: 'fixed' | 'discarded'
  readonly countedAs: CountedAs
}

const NONE: ClosedLines = { schema: CLOSED_LINES_SCHEMA, fixed: [], discarded: [], undeliverable: [] }

/** @param key where it is stored @throws NewerVersionError */
export function readClosedLines(value: unknown, key: string): ClosedLines {
  refuseNewer(value, CLOSED_LINES_SCHEMA, key)
  const parsed = v.safeParse(ClosedLinesBody, value)
  return parsed.success ? parsed.output : NONE
}

export function withClosed(earlier: ClosedLines, closed: readonly ClosedLine[]): ClosedLines {
  const linesOf = (of: (line: ClosedLine) => boolean) => rangesOf(closed.filter(of).map(({ line }) => line))
  return {
    ...earlier,
    fixed: union(
      earlier.fixed,
      linesOf(({ as }) => as === 'fixed'),
    ),
    discarded: union(
      earlier.discarded,
      linesOf(({ as }) => as === 'discarded'),
    ),
    undeliverable: union(
      earlier.undeliverable,
      linesOf(({ countedAs }) => countedAs === 'undeliverable'),
    ),
  }
}

/** How many lines are fixed, and how many are closed in either way. Both only grow. */
export interface ClosedCounts {
  readonly fixed: number
  readonly closed: number
}

/**
 * Counts the lines.
 *
 * @param undelivered the lines that the report of the file counts as undeliverable, if they are known. A killed run can leave a dead letter of
 *   a line that the next run delivers: the report counts that line as delivered, and so it is not counted here
 */
export function countClosed({ fixed, discarded, undeliverable }: ClosedLines, undelivered: LineRanges | undefined): ClosedCounts {
  const stray = undelivered === undefined ? [] : difference(undeliverable, undelivered)
  const counted = (lines: LineRanges) => countLines(difference(lines, stray))
  return { fixed: counted(fixed), closed: counted(union(fixed, discarded)) }
}

/** Lines that follow each other are usually closed together. */
const BLOCK_LINES = 1_000
/** The lines of a file are divided among so many documents, so that many replays at the same time seldom write the same one. */
const MAX_PARTS = 16

/** The part that a line belongs to, from 0. */
export function partOf(line: number): number {
  return Math.floor((line - 1) / BLOCK_LINES) % MAX_PARTS
}

/** The parts that a file with so many lines can have. */
export function partsOf(lines: number): readonly number[] {
  return Array.from({ length: Math.min(MAX_PARTS, Math.ceil(lines / BLOCK_LINES)) }, (_, part) => part)
}
