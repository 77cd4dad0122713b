import { stringify } from 'csv-stringify/sync'

/** A table for a spreadsheet: what a spreadsheet would take for a formula has an apostrophe before it. */
export function csv(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return stringify([...rows], { header: true, columns: [...columns], escape_formulas: true })
}
