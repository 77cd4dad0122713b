import { AccountingError } from '../errors.ts'
import type { Task } from '../intake/task.ts'
import { settledLines, type Counts } from '../settle/counts.ts'

export interface RunCounts {
  /** Number of the last line that was settled before this run. */
  readonly began: number
  /** Lines that this run read. */
  readonly lines: number
  /** How the lines of the segment ended, those of earlier runs included. */
  readonly counts: Counts
}

/**
 * Checks that every line of a segment was read and has ended. Lines are counted independently when they are read, when they end and, for a
 * segment, when the file was split.
 *
 * @throws AccountingError
 */
export function checkCounts({ began, lines, counts }: RunCounts, { file, segment }: Task): void {
  const earlier = began - (segment === undefined ? 0 : segment.firstLine - 1)
  const read = earlier + lines
  const ended = settledLines(counts)
  if (read === ended && (segment === undefined || segment.lines === read)) return
  throw new AccountingError(
    `The import of ${file.key} does not add up: ${read} lines were read, but ${ended} ended` +
      `${segment === undefined ? '' : ` of the ${segment.lines} of segment ${segment.index}`}. This is a bug in the importer.`,
  )
}
