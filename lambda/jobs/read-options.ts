import type { OpenFile } from '../ports.ts'
import type { ReadOptions } from '../read/lines.ts'
import { columnsOf } from '../rules/columns-rule.ts'
import type { Rule } from '../rules/rule.ts'

/** What reading a file has to know about it. @param rules the import rules of the file */
export function readOptions(
  { lastModified, name, readEnd }: Pick<OpenFile, 'lastModified' | 'name' | 'readEnd'>,
  rules: readonly Rule[] | undefined,
): Pick<ReadOptions, 'fileTime' | 'columns' | 'name' | 'readEnd'> {
  const columns = columnsOf(rules)
  return { fileTime: Math.floor(lastModified.getTime() / 1000), name, readEnd, ...(columns !== undefined && { columns }) }
}
