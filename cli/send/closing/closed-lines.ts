import { contains, type LineRanges } from '../../../lambda/common/line-ranges.ts'
import { notDelivered, type ReportState } from '../../../lambda/report/report.ts'
import { readUndelivered } from '../../../lambda/settle/undelivered.ts'
import { isComplete } from '../../../lambda/settle/undelivered-lines.ts'
import { readIfValid } from '../atomic-file.ts'
import { readReportAt } from '../report-file.ts'
import { fileThatWasFixed, fixedFilesOf, readFixedFile, type FixedFile } from './fixed-file.ts'
import { readKeptRows } from './kept-rows.ts'
import { isSameSend, sendIdOf, type RejectingSend } from './rejecting-send.ts'

/** What became of the rejected lines of one send. */
export interface ClosedLines {
  /** Fixed and delivered. */
  readonly fixed: ReadonlySet<number>
  /** Rejected again as a fixed line, and discarded there. */
  readonly discarded: ReadonlySet<number>
  /** The lines that still have a row; undefined if no row was deleted. */
  readonly kept: ReadonlySet<number> | undefined
}

/** Where the lines of a file are kept that were not delivered. It is kept for files of fixed lines only. */
export function undeliveredPathOf(file: string): string {
  return `${file}.undelivered.json`
}

/**
 * Reads what became of the rejected lines of a send.
 *
 * It is not stored anywhere, but read each time from the results of the files of fixed lines, which only the send of each of them writes. So
 * several sends at the same time cannot overwrite it, and after a crash nothing has to be repaired.
 */
export async function readClosedLines({ path, id }: Pick<RejectingSend, 'path' | 'id'>): Promise<ClosedLines> {
  const fixed = new Set<number>()
  const discarded = new Set<number>()
  for (const name of await fixedFilesOf(path)) {
    const file = await readFixedFile(name)
    const result = file !== undefined && isSameSend(file.replaces, id) ? await readResult(name, file) : undefined
    if (file === undefined || result === undefined) continue
    const pieces = Map.groupBy(file.lines.keys(), (index) => file.lines[index] ?? 0)
    for (const [line, indexes] of pieces) {
      if (indexes.every((index) => result(index + 1) === 'delivered')) fixed.add(line)
      else if (indexes.every((index) => result(index + 1) !== 'open')) discarded.add(line)
    }
  }
  const kept = await readKeptRows({ path, id })
  return { fixed, discarded, kept: kept && new Set(linesIn(kept)) }
}

/** Whether a line was delivered since: by a fixed line, or, if it is a fixed line itself, by another one that replaces the same line. */
export async function deliveredSince({ path, id }: Pick<RejectingSend, 'path' | 'id'>): Promise<(line: number) => boolean> {
  const { fixed } = await readClosedLines({ path, id })
  const parent = fileThatWasFixed(path)
  const file = await readFixedFile(path)
  if (parent === undefined || file?.etag !== id.etag) return (line) => fixed.has(line)
  const isDeliveredFor = await deliveredSince({ path: parent, id: file.replaces })
  return (line) => fixed.has(line) || isDeliveredFor(file.lines[line - 1] ?? 0)
}

const COMPLETE: ReadonlySet<ReportState> = new Set(['complete', 'complete-with-rejects', 'complete-after-fixing'])

type ResultOf = (line: number) => 'delivered' | 'discarded' | 'open'

/** How each line of a file of fixed lines has ended, and was closed since. @returns undefined if that is not known, or not yet */
async function readResult(path: string, { etag, lines }: Pick<FixedFile, 'etag' | 'lines'>): Promise<ResultOf | undefined> {
  const report = await readReportAt(`${path}.report.json`)
  if (report === undefined || !COMPLETE.has(report.state)) return undefined
  if (report.file.etag !== etag || report.lines.total !== lines.length) return undefined
  const count = notDelivered(report)
  if (count === 0) return () => 'delivered'
  const undelivered = readUndelivered(await readIfValid(undeliveredPathOf(path)), undeliveredPathOf(path))?.lines ?? []
  if (!isComplete(undelivered, count)) return undefined
  const closed = await readClosedLines({ path, id: sendIdOf(report) })
  const isUndelivered = contains(undelivered)
  return (line) => {
    if (!isUndelivered(line) || closed.fixed.has(line)) return 'delivered'
    return closed.discarded.has(line) || closed.kept?.has(line) === false ? 'discarded' : 'open'
  }
}

function* linesIn(ranges: LineRanges): Generator<number> {
  for (const [first, last] of ranges) for (let line = first; line <= last; line += 1) yield line
}
