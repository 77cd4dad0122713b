import { stringify } from 'csv-stringify/sync'

/** A CSV table. A value that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csv(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return stringify([...rows], { header: true, columns: [...columns], escape_formulas: true })
}
