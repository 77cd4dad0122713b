import type { OpenFile } from '../ports.ts'
import type { ReadOptions } from '../read/lines.ts'
import { columnsOf } from '../rules/columns-rule.ts'
import type { Rule } from '../rules/rule.ts'

/** What the reader needs for a CSV file. @param rules the import rules of the file */
export function csvOptions(
  { lastModified }: Pick<OpenFile, 'lastModified'>,
  rules: readonly Rule[] | undefined,
): Pick<ReadOptions, 'fileTime' | 'columns'> {
  const columns = columnsOf(rules)
  return { fileTime: Math.floor(lastModified.getTime() / 1000), ...(columns !== undefined && { columns }) }
}
