import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { csv } from '../terminal/csv.ts'
import { fitted, WIDTH } from '../terminal/layout.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import type { Fix } from './fix.ts'
import { rowOf } from './row.ts'
import { rejectionOf } from './validate.ts'

/** A dead letter that `rejects pull` writes. */
export interface PulledRow {
  readonly id: string
  readonly deadLetter: DeadLetter
  /** The line after fixes, if they changed it. */
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
  const valid = changed.filter(({ fixedLine }) => rejectionOf(fixedLine) === undefined).length
  const names = fixes.map(({ name }) => printable(name)).join(', ')
  const text = [
    `${names}: changes ${grouped(changed.length)} of ${counted(rows.length, 'dead letter')}. After that, ${grouped(valid)} of them can be sent.`,
  ]
  for (const { line, fixedLine } of changed.slice(0, MAX_EXAMPLES))
    text.push(`  - ${fitted(line, WIDTH - 4)}`, `  + ${fitted(fixedLine, WIDTH - 4)}`)
  return `${text.join('\n')}\n`
}

/** One row of JSON for each dead letter. */
export function pulledText(rows: readonly PulledRow[]): string {
  return rows.map(({ id, deadLetter, fixedLine }) => `${rowOf(id, deadLetter, fixedLine)}\n`).join('')
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
