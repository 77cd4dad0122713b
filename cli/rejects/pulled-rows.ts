import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { csvRow } from '../terminal/csv.ts'
import { fitted, WIDTH } from '../terminal/layout.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import type { Fix } from '../../lambda/rules/fix.ts'
import { rowOf } from './row.ts'
import { hasDateWithoutZone } from '../../lambda/rules/fixes/times.ts'
import { linesOf } from '../../lambda/rules/lines-of.ts'
import { linesValidator } from './validate.ts'

/** A dead letter that `rejects pull` writes. */
export interface PulledRow {
  readonly id: string
  readonly deadLetter: DeadLetter
  /** The line after fixes, if they changed it. A fix can make several lines of one. */
  readonly fixedLine?: string
}

/** Fixes the line of a row. A file, a group whose lines cannot be read, and bytes that are not UTF-8, stay as they are. */
export function applyFixes(row: PulledRow, fixes: readonly Fix[]): PulledRow {
  const { kind, line } = row.deadLetter
  if (kind !== 'line' || line === undefined) return row
  const fixedLine = fixes.reduce((text, { apply }) => apply(text), line)
  return fixedLine === line ? row : { ...row, fixedLine }
}

const MAX_EXAMPLES = 3

/** Counts how many lines the fixes change and make valid, and remembers examples. */
export class FixPreview {
  readonly #fixes: readonly Fix[]
  readonly #validate = linesValidator()
  readonly #examples: string[] = []
  #rows = 0
  #changed = 0
  #valid = 0
  #undated = 0

  constructor(fixes: readonly Fix[]) {
    this.#fixes = fixes
  }

  add({ deadLetter: { line = '', rules = [] }, fixedLine }: PulledRow): void {
    this.#rows += 1
    if (hasDateWithoutZone(fixedLine ?? line)) this.#undated += 1
    if (fixedLine === undefined) return
    this.#changed += 1
    const fixed = linesOf(fixedLine)
    if (this.#validate(fixed, { hasInvalidBytes: false, rules }) === undefined) this.#valid += 1
    if (this.#changed <= MAX_EXAMPLES)
      this.#examples.push(`  - ${fitted(line, WIDTH - 4)}`, ...fixed.map((text) => `  + ${fitted(text, WIDTH - 4)}`))
  }

  /** @param unit what a row is about */
  text(unit: 'dead letter' | 'line' = 'dead letter'): string {
    const names = this.#fixes.map(({ name }) => printable(name)).join(', ')
    const counts = `${names}: changes ${grouped(this.#changed)} of ${counted(this.#rows, unit)}. After that, ${grouped(this.#valid)} of them can be sent.`
    const question =
      this.#undated > 0 && this.#fixes.some(({ name }) => name === 'dates')
        ? [
            `${counted(this.#undated, 'date')} without a time zone: which zone is it? For example --fix dates:UTC or --fix dates:+01:00`,
          ]
        : []
    return `${[counts, ...this.#examples, ...question].join('\n')}\n`
  }
}

/** The dead letter as a row of JSON, or as several if a fix has made several lines of its line. */
export function pulledRow({ id, deadLetter, fixedLine }: PulledRow): string {
  const lines = fixedLine === undefined ? [undefined] : linesOf(fixedLine)
  return lines.map((line) => `${rowOf(id, deadLetter, line)}\n`).join('')
}

/** The header of a table for a spreadsheet. The table cannot be replayed. */
export const PULLED_CSV_HEADER = csvRow(['reason', 'detail', 'file', 'line number', 'failed at', 'replays', 'line', 'id'])

/** The dead letter as a row of that table. */
export function pulledCsvRow({ id, deadLetter, fixedLine }: PulledRow): string {
  const { reason, detail, source, failedAt, replays, line = '' } = deadLetter
  return csvRow([reason, detail, source.key, source.line ?? '', failedAt, replays, fixedLine ?? line, id])
}
