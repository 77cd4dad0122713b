import { notDelivered, type Rejects, type Report } from '../../../lambda/report/report.ts'
import { withRejects } from '../../../lambda/report/rejects.ts'
import { writeAtomically } from '../atomic-file.ts'
import { readClosedLines, type ClosedLines } from './closed-lines.ts'
import { fileThatWasFixed } from './fixed-file.ts'
import { findRejectingSend } from './rejecting-send.ts'

/** A report that was brought up to date, and the file that it is about. */
export interface ClosedReport {
  readonly path: string
  readonly report: Report
}

/** Another send can finish in between, and write the report without this one. */
const MAX_TRIES = 20

/**
 * Brings the report of a file up to date with what became of its rejected lines; then, if it is a file of fixed lines, that of the file they
 * were rejected from, and so on.
 */
export async function closeReports(file: string): Promise<readonly ClosedReport[]> {
  const report = await closeReport(file)
  const parent = fileThatWasFixed(file)
  return [...(report === undefined ? [] : [{ path: file, report }]), ...(parent === undefined ? [] : await closeReports(parent))]
}

/** @returns undefined if the send of the file has rejected no line, or has not ended */
async function closeReport(file: string): Promise<Report | undefined> {
  for (let tries = 1; ; tries += 1) {
    const send = await findRejectingSend(file)
    if (send === undefined) return undefined
    const next = withRejects(send.report, rejectsWith(send.report, await readClosedLines(send)))
    // Read again after each write: of two sends that end at the same time, the last one to write has seen both results.
    if (JSON.stringify(next.rejects) === JSON.stringify(send.report.rejects) || tries === MAX_TRIES) return next
    await writeAtomically(`${file}.report.json`, next)
  }
}

/**
 * What became of the lines, as counts. A row that was deleted is discarded, unless its line was delivered; which line it was about need not be
 * known.
 */
export function rejectsWith(report: Report, { fixed, discarded, kept }: ClosedLines): Rejects {
  const total = notDelivered(report)
  // The files of fixed lines may have been tidied away since they were counted.
  const countedFixed = Math.min(total, Math.max(fixed.size, report.rejects?.fixed ?? 0))
  const left = total - countedFixed
  const isOpen = (line: number): boolean => !fixed.has(line) && !discarded.has(line)
  const discardedAlone = [...discarded].filter((line) => !fixed.has(line)).length
  const open = kept === undefined ? left - discardedAlone : [...kept].filter(isOpen).length
  const counted = Math.max(0, Math.min(left, open))
  return { open: counted, fixed: countedFixed, discarded: left - counted }
}
