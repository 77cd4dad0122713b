import { WARNINGS, type WarningCode } from '../../lambda/reasons.ts'
import { notDelivered, openLines, type Report } from '../../lambda/report/report.ts'
import { holdRows } from '../safety/hold-text.ts'
import { counted, grouped, printable, styled, type Output, type Style } from '../terminal/output.ts'
import { listed, WIDTH, wrapped, wrappedBeside } from '../terminal/layout.ts'

type Counted = Pick<Report, 'lines' | 'rejects'>
type Stated = Pick<Report, 'state' | 'paused'> & Counted

const STATES: Readonly<Record<Report['state'], readonly [style: Style, words: (report: Counted) => string]>> = {
  importing: ['yellow', () => 'importing'],
  complete: ['green', () => 'done'],
  'complete-with-rejects': ['yellow', (report) => `done, ${openText(report)}`],
  'complete-after-fixing': ['green', () => 'done after fixing'],
  held: ['yellow', () => 'held, nothing was sent'],
  failed: ['red', () => 'rejected'],
  superseded: ['yellow', () => 'replaced before it was fully read'],
  gone: ['yellow', () => 'deleted before it was fully read'],
  skipped: ['dim', () => 'skipped'],
  discarded: ['dim', () => 'discarded, nothing was sent'],
  cancelled: ['yellow', () => 'cancelled'],
}

/** The state of an import, as the user reads it: "done, 470 lines rejected". */
export function stateText(report: Stated): string {
  if (report.state === 'importing' && report.paused !== undefined) return 'paused'
  const [, words] = STATES[report.state]
  return words(report)
}

export function styledState(report: Stated, output: Output): string {
  const [style] = STATES[report.state]
  return styled(output, style, stateText(report))
}

/** "470 lines rejected, 1 line undeliverable" at first; "3 lines still open" once some of them are fixed or discarded. */
function openText(report: Counted): string {
  const open = openLines(report)
  return open < notDelivered(report) ? `${counted(open, 'line')} still open` : notDeliveredText(report.lines)
}

function notDeliveredText({ rejected, undeliverable }: Report['lines']): string {
  const parts = [
    ...(rejected > 0 ? [`${counted(rejected, 'line')} rejected`] : []),
    ...(undeliverable > 0 ? [`${counted(undeliverable, 'line')} undeliverable`] : []),
  ]
  return parts.join(', ')
}

/**
 * The result of an import: its state, its counts, and where the details are.
 *
 * @param where path or key of the report
 * @param deadLetters messages in the dead-letter queue, from all files
 */
export function resultTable(report: Report, where: string, deadLetters: number, output: Output): string {
  const rows = [
    ...reportRows(report, output),
    labelledRow('report', printable(where)),
    countRow('dead letters', deadLetters, 'in the dead-letter queue, from all files'),
  ]
  return `${rows.join('\n')}\n`
}

/** A text in the column of the counts. */
export function labelledRow(label: string, text: string): string {
  return `  ${label.padEnd(TEXT_COLUMN - 2)}${text}`
}

/** State and counts of an import. */
export function reportRows(report: Report, output: Output): readonly string[] {
  const { file, lines, failure, repeatsPossible } = report
  // A file that is rejected before its first line has no counts.
  const hasCounts = failure === undefined || lines.total > 0
  return [
    `${styled(output, 'bold', printable(file.key))}  ${styledState(report, output)}`,
    ...(failure === undefined ? [] : wrappedBeside('  why', printable(failure.detail), TEXT_COLUMN)),
    ...holdRows(report),
    ...(hasCounts ? countRows(report) : []),
    ...(repeatsPossible > 0 ? [countRow('repeats', repeatsPossible, 'at most; Kissmetrics ignores repeats')] : []),
  ]
}

/** What is unusual about lines that were delivered, e.g. persons with the name "null". */
export function warningRows(warnings: Report['warnings']): readonly string[] {
  return Object.entries(warnings).flatMap(([code, count]) => wrapped(warningSentence(code as WarningCode, count)))
}

/** What the import rules of the file have done. */
export function ruleRows({ fixedBy = {} }: Report): readonly string[] {
  const used = Object.entries(fixedBy).map(([rule, count]) => `${printable(rule)} ${counted(count, 'line')}`)
  return used.length === 0 ? [] : wrapped(`Import rules: ${used.join(', ')}.`)
}

export function warningSentence(code: WarningCode, count: number): string {
  return `${counted(count, 'time')}: ${WARNINGS[code]}.`
}

function countRows(report: Report): readonly string[] {
  const { lines } = report
  return [
    countRow('lines', lines.total),
    countRow('delivered', lines.delivered, commandsText(report)),
    countRow('rejected', lines.rejected),
    countRow('undeliverable', lines.undeliverable),
    ...reasonRows(report),
    countRow('blank', lines.blank),
  ]
}

const TEXT_COLUMN = 17

function countRow(label: string, count: number, note = ''): string {
  return `  ${label.padEnd(13)}${grouped(count).padStart(9)}${note === '' ? '' : `  ${note}`}`
}

function commandsText({ commands }: Report): string {
  return Object.entries(commands)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${grouped(count)}`)
    .join(', ')
}

/** The most frequent first. */
export function reasonsByCount(rejectedBy: Report['rejectedBy']) {
  return Object.entries(rejectedBy).toSorted(([, a], [, b]) => b.count - a.count)
}

function reasonRows({ rejectedBy }: Report): readonly string[] {
  return reasonsByCount(rejectedBy).map(([reason, { count, examples }]) => {
    const start = `    ${reason.padEnd(26)}${grouped(count).padStart(7)}  ${examples.length === 1 ? 'line' : 'lines'} `
    const numbers = examples.map(({ line }) => String(line))
    return start + listed(numbers, WIDTH - start.length, count === numbers.length)
  })
}
