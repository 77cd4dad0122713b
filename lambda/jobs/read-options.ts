import type { ColumnMapping } from '../csv/columns.ts'
import type { OpenFile } from '../ports.ts'
import type { ReadOptions } from '../read/lines.ts'

/** What reading a file has to know about it. */
export function readOptions(
  { lastModified, name, readEnd }: Pick<OpenFile, 'lastModified' | 'name' | 'readEnd'>,
  columns: ColumnMapping | undefined,
): Pick<ReadOptions, 'fileTime' | 'columns' | 'name' | 'readEnd'> {
  return { fileTime: Math.floor(lastModified.getTime() / 1000), name, readEnd, ...(columns !== undefined && { columns }) }
}
