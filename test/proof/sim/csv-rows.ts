import type { LineKind } from './scenario.ts'

/** What the columns of CSV files mean. Only import rules say it. */
export const COLUMNS = { Who: '_p', When: '_t', What: '_n', Other: '_p2', n: 'n' }

export const CSV_PREFIX = 'incoming/csv/'
export const CSV_HEADER = Object.keys(COLUMNS).join()

/** The rows of a CSV file that mean the same, as far as a row can. */
export const ROWS: Readonly<Record<LineKind, (id: number, n: number) => string>> = {
  valid: (id, n) => `f${id}p${n},1393344604,"e, f",,${n}`,
  'two-requests': (id, n) => `f${id}p${n},1393344604,"e\nf",q${n},${n}`,
  merge: (id, n) => `f${id}p${n},1393344604,,f${id},`,
  'too-long-for-the-endpoint': (id, n) => `f${id}p${n},1393344604,413,,${n}`,
  'too-long-for-now': (id, n) => `f${id}p${n},1393344604,414,,${n}`,
  refused: (id, n) => `f${id}p${n},1393344604,400,,${n}`,
  'no-time': (id, n) => `f${id}p${n},,e,,${n}`,
  'no-json': (id, n) => `f${id}p${n},`,
  blank: () => '',
}

interface RowMeaning {
  /** The JSON line. */
  readonly text: string
  readonly row?: string
  readonly reason?: string
}

/** What a row means. A row that does not fit the columns stays as it is. */
export function meaningOf(kind: LineKind, text: string): RowMeaning {
  if (kind === 'no-json') return { text, reason: 'invalid_row' }
  const [who, when, what, other, n] = text.replaceAll(/"([^"]*)"/g, (_, cell: string) => cell.replaceAll(',', '\0')).split(',')
  const cells = { _p: who, _t: when, _n: what?.replaceAll('\0', ','), _p2: other, n }
  const members = Object.entries(cells).filter(([, cell]) => cell !== undefined && cell !== '')
  return {
    text: `{${members.map(([name, cell]) => `"${name}":${name === '_t' ? cell : JSON.stringify(cell)}`).join()}}`,
    row: text,
  }
}
