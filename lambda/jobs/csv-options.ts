import type { ColumnMapping } from '../csv/columns.ts'
import type { OpenFile } from '../ports.ts'
import type { ReadOptions } from '../read/lines.ts'

/** What the reader needs for a CSV file. */
export function csvOptions(
  { lastModified }: Pick<OpenFile, 'lastModified'>,
  columns: ColumnMapping | undefined,
): Pick<ReadOptions, 'fileTime' | 'columns'> {
  return { fileTime: Math.floor(lastModified.getTime() / 1000), ...(columns !== undefined && { columns }) }
}
