import { countLines, rangesOf, union, type LineRanges } from '../common/line-ranges.ts'

/** More are not stored in a checkpoint: an endpoint that refuses so many lines of a file refuses all of them. */
const MAX_RANGES = 20_000

/**
 * Which lines of a segment became dead letters, as far as a report needs them later: those that the endpoint has refused, because only for them
 * two runs can come to different results. Of a file of fixed lines, also those that were rejected again.
 */
export class UndeliveredLines {
  readonly #recordsRejected: boolean
  readonly #lines: Set<number> = new Set()
  #ranges: LineRanges

  /** @param earlier what the last checkpoint shows */
  constructor(earlier: LineRanges, recordsRejected: boolean) {
    this.#ranges = earlier
    this.#recordsRejected = recordsRejected
  }

  add(line: number, result: 'rejected' | 'undeliverable'): void {
    if (result === 'undeliverable' || this.#recordsRejected) this.#lines.add(line)
  }

  ranges(): LineRanges {
    if (this.#lines.size > 0 && this.#ranges.length < MAX_RANGES) this.#ranges = union(this.#ranges, rangesOf(this.#lines))
    this.#lines.clear()
    return this.#ranges
  }
}

/** Whether exactly so many lines were recorded. Otherwise there were too many, or an older version has imported a part of the file. */
export function isComplete(ranges: LineRanges, lines: number): boolean {
  return countLines(ranges) === lines
}
