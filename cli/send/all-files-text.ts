import type { Report } from '../../lambda/report/report.ts'
import { stateText } from '../status/report-table.ts'
import { listed, WIDTH } from '../terminal/layout.ts'
import { counted, grouped, styled, type Output } from '../terminal/output.ts'
import { wrappedText } from './result-text.ts'

/** For the names of files that are left: two of them can be long paths. */
const MAX_ROWS = 3

/** How a command for several files has ended. */
export interface AllFiles {
  /** Reports of the files that are sent, by this command or an earlier one. */
  readonly reports: readonly Report[]
  /** Files that the safety check holds. */
  readonly held: readonly string[]
  /** Files that were not sent, or not to their end, because the command was stopped. */
  readonly left: readonly string[]
}

/** One summary of several files: how many ended how, and the lines of all. */
export function allFilesText({ reports, held, left }: AllFiles, output: Output): string {
  const states = new Map<string, number>()
  const add = (state: string, files: number): void => {
    if (files > 0) states.set(state, (states.get(state) ?? 0) + files)
  }
  for (const report of reports) add(stateOf(report), 1)
  add('held', held.length)
  add('not finished', left.length)
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0)
  const lines = [
    `${grouped(sum(({ lines }) => lines.delivered))} delivered`,
    `${grouped(sum(({ lines }) => lines.rejected))} rejected`,
    `${grouped(sum(({ lines }) => lines.undeliverable))} undeliverable`,
  ]
  const files = [...states].map(([state, count]) => `${grouped(count)} ${state}`).join(', ')
  const title = styled(output, 'bold', counted(reports.length + held.length + left.length, 'file'))
  return `${title}: ${files}\n  lines: ${lines.join(', ')}\n`
}

/** "done with rejected lines" and not their number, so that files can be counted by it. */
function stateOf(report: Report): string {
  return report.state === 'complete-with-rejects' ? 'with rejected lines' : stateText(report)
}

/** The files that a stopped command leaves. */
export function leftText(left: readonly string[]): string {
  const names = listed(left, MAX_ROWS * WIDTH)
  return wrappedText(`Not finished: ${names}. The same command continues with ${left.length === 1 ? 'it' : 'them'}.`)
}
