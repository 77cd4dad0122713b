import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { csv } from '../terminal/csv.ts'
import { fitted, WIDTH } from '../terminal/layout.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import type { Fix } from './fix.ts'
import { rowOf } from './row.ts'
import { hasDateWithoutZone } from './fixes/times.ts'
import { linesOf, rejectionOfLines } from './validate.ts'

/** A dead letter that `rejects pull` writes. */
export interface PulledRow {
  readonly id: string
  readonly deadLetter: DeadLetter
  /** The line after fixes, if they changed it. A fix can make several lines of one. */
  readonly fixedLine?: string
}

/** Sorts by file, then by line number. */
export function inFileOrder({ deadLetter: { source: a } }: PulledRow, { deadLetter: { source: b } }: PulledRow): number {
  return a.key.localeCompare(b.key) || (a.line ?? 0) - (b.line ?? 0)
}

/** Fixes the line of a row. A file, and bytes that are not UTF-8, stay as they are. */
export function applyFixes(row: PulledRow, fixes: readonly Fix[]): PulledRow {
  const { kind, line } = row.deadLetter
  if (kind === 'file' || line === undefined) return row
  const fixedLine = fixes.reduce((text, { apply }) => apply(text), line)
  return fixedLine === line ? row : { ...row, fixedLine }
}

const MAX_EXAMPLES = 3

/** How many lines the fixes change and make valid, with examples. */
export function fixPreview(rows: readonly PulledRow[], fixes: readonly Fix[]): string {
  const changed = rows.flatMap(({ deadLetter: { line = '' }, fixedLine }) =>
    fixedLine === undefined ? [] : [{ line, fixedLine }],
  )
  const valid = changed.filter(({ fixedLine }) => rejectionOfLines(linesOf(fixedLine), false) === undefined).length
  const names = fixes.map(({ name }) => printable(name)).join(', ')
  const text = [
    `${names}: changes ${grouped(changed.length)} of ${counted(rows.length, 'dead letter')}. After that, ${grouped(valid)} of them can be sent.`,
  ]
  for (const { line, fixedLine } of changed.slice(0, MAX_EXAMPLES))
    text.push(`  - ${fitted(line, WIDTH - 4)}`, ...linesOf(fixedLine).map((fixed) => `  + ${fitted(fixed, WIDTH - 4)}`))
  const undated = rows.filter(({ deadLetter: { line = '' }, fixedLine }) => hasDateWithoutZone(fixedLine ?? line)).length
  if (undated > 0 && fixes.some(({ name }) => name === 'dates'))
    text.push(
      `${counted(undated, 'date')} without a time zone: which zone is it? For example --fix dates:UTC or --fix dates:+01:00`,
    )
  return `${text.join('\n')}\n`
}

/** One row of JSON for each dead letter, or for each line that a fix has made of it. */
export function pulledText(rows: readonly PulledRow[]): string {
  return rows
    .flatMap(({ id, deadLetter, fixedLine }) => fixedLines(fixedLine).map((line) => `${rowOf(id, deadLetter, line)}\n`))
    .join('')
}

function fixedLines(fixedLine: string | undefined): readonly (string | undefined)[] {
  return fixedLine === undefined ? [undefined] : linesOf(fixedLine)
}

/** A table for a spreadsheet. It cannot be replayed. */
export function pulledCsv(rows: readonly PulledRow[]): string {
  return csv(
    ['reason', 'detail', 'file', 'line number', 'failed at', 'replays', 'line', 'id'],
    rows.map(({ id, deadLetter, fixedLine }) => {
      const { reason, detail, source, failedAt, replays, line = '' } = deadLetter
      return [reason, detail, source.key, source.line ?? '', failedAt, replays, printable(fixedLine ?? line), id]
    }),
  )
}
