import { readFile } from 'node:fs/promises'
import { findMappingFault, type ColumnMapping } from '../../lambda/csv/columns.ts'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { printable } from '../terminal/output.ts'

/** Reads a mapping of columns. @param name of the file; undefined if the files have the columns of Kissmetrics @throws SetupError */
export async function readColumns(name: string | undefined): Promise<ColumnMapping | undefined> {
  if (name === undefined) return undefined
  const shown = printable(name)
  const text = await readFile(name, 'utf8').catch((cause: unknown) => {
    throw new SetupError(`${shown} cannot be read (${codeOf(cause)}). Check the name after --columns.`, { cause })
  })
  const value = parse(text)
  const fault = findMappingFault(value)
  if (fault !== undefined) throw new SetupError(`${shown} is not a mapping of columns: ${printable(fault)}.`)
  return value as ColumnMapping // the check above allows nothing else
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
}
