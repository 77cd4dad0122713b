import { stringify } from 'csv-stringify/sync'
import { printable } from './escape.ts'

export type Cell = string | number

/**
 * One row of a CSV table, or its header. Text cannot control the terminal on which the table is shown; and a text that a spreadsheet
 * would run as a formula gets an apostrophe before it.
 */
export function csvRow(cells: readonly Cell[]): string {
  const safe = cells.map((cell) => (typeof cell === 'string' ? printable(cell) : cell))
  return stringify([safe], { escape_formulas: true })
}

/** A CSV table. */
export function csv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [columns, ...rows].map(csvRow).join('')
}
