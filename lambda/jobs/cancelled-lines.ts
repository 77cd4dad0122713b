import type { CancelledLines } from '../report/report.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import type { LineRange } from '../common/line-ranges.ts'

/** A part of a file with its checkpoint; undefined if no run has begun with it. */
export interface CancelledPart {
  readonly firstLine: number
  /** Infinity if the lines were not counted. */
  readonly lastLine: number
  readonly checkpoint: Pick<Checkpoint, 'watermark' | 'ended' | 'newest' | 'farthest'> | undefined
}

/** Which lines of a cancelled import were settled, and which may have been sent although no checkpoint says so. */
export function cancelledLines(parts: readonly CancelledPart[]): CancelledLines {
  const settled: LineRange[] = []
  const unsure: LineRange[] = []
  for (const { firstLine, lastLine, checkpoint } of parts) {
    if (checkpoint === undefined) continue
    const { watermark, ended, newest, farthest = 0 } = checkpoint
    let next = firstLine
    for (const range of [[firstLine, watermark.line] as const, ...ended]) {
      addRange(unsure, next, range[0] - 1)
      addRange(settled, range[0], range[1])
      next = range[1] + 1
    }
    addRange(unsure, next, Math.min(Math.max(newest, farthest), lastLine))
  }
  return { settled, unsure }
}

/** Ranges are added in order. One that continues the last one extends it. */
function addRange(ranges: LineRange[], first: number, last: number): void {
  if (first > last) return
  const previous = ranges.at(-1)
  if (previous !== undefined && previous[1] + 1 === first) ranges[ranges.length - 1] = [previous[0], last]
  else ranges.push([first, last])
}
