import { createReadStream } from 'node:fs'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { isBlank } from '../../lambda/parse/line.ts'
import { openLines } from '../../lambda/read/lines.ts'
import { printable } from '../terminal/output.ts'
import { readRow, RowError, type Row } from './row.ts'

/** A row may hold a line twice: as text, and as bytes in base64. */
const MOST_ROW_BYTES = 4 * 1_048_576

/** All rows of a pulled file. @throws SetupError where it has a row that none can have */
export async function readRows(file: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  try {
    const { batches } = await openLines(createReadStream(file), { maxLineBytes: MOST_ROW_BYTES })
    for await (const batch of batches)
      for (const { text, number, fault } of batch) {
        if (fault !== undefined) throw new RowError(`line ${number}: it is too long, or not UTF-8`)
        if (!isBlank(text)) rows.push(rowAt(text, number))
      }
    return rows
  } catch (cause) {
    if (cause instanceof RowError)
      throw new SetupError(
        `${printable(file)} is not as it was pulled, ${cause.message}. Mend that row, or pull again; nothing was sent.`,
        { cause },
      )
    if (codeOf(cause) === '') throw cause
    throw new SetupError(`${printable(file)} could not be read (${codeOf(cause)}). Name the file that was pulled.`, { cause })
  }
}

function rowAt(text: string, number: number): Row {
  try {
    return readRow(text, number)
  } catch (error) {
    throw error instanceof RowError ? new RowError(`line ${number}: ${error.message}`) : error
  }
}
