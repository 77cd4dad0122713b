import { createReadStream } from 'node:fs'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { isBlank } from '../../lambda/parse/line.ts'
import { openLines } from '../../lambda/read/lines.ts'
import { printable } from '../terminal/output.ts'
import { readRow, RowError, type Row } from './row.ts'

/** A row can contain a line twice: as text, and its bytes in base64. */
const MAX_ROW_BYTES = 4 * 1_048_576

/** Limits how much of a file is read to see what it is. */
const MAX_FIRST_LINE_BYTES = 1_048_576

/**
 * All rows of a pulled file.
 *
 * @param deploymentOptions options that choose the deployment, for the command in the error
 * @throws SetupError if it cannot be read, or has a row that `rejects pull` cannot have written
 */
export async function readRows(file: string, deploymentOptions = ''): Promise<readonly Row[]> {
  const rows: Row[] = []
  try {
    const { batches } = await openLines(createReadStream(file), { maxLineBytes: MAX_ROW_BYTES })
    for await (const batch of batches)
      for (const { text, number, fault } of batch) {
        if (fault !== undefined) throw new RowError(`line ${number}: it is too long, or not UTF-8`)
        if (!isBlank(text)) rows.push(rowAt(text, number))
      }
    return rows
  } catch (cause) {
    if (cause instanceof RowError)
      throw new SetupError(
        `${printable(file)}, ${cause.message}. Fix that row, or pull the dead letters again. Nothing was sent.`,
        { cause },
      )
    if (codeOf(cause) === '') throw cause
    throw new SetupError(
      `${printable(file)} could not be read (${codeOf(cause)}). To write one, run: npx km-import rejects pull -o rejects.jsonl${deploymentOptions}`,
      { cause },
    )
  }
}

function rowAt(text: string, number: number): Row {
  try {
    return readRow(text, number)
  } catch (error) {
    throw error instanceof RowError ? new RowError(`line ${number}: ${error.message}`) : error
  }
}

/** Whether a file is one of rows. Looks at its first line: a file of lines never begins with a row. */
export async function hasRows(name: string): Promise<boolean> {
  const body = createReadStream(name, { end: MAX_FIRST_LINE_BYTES })
  try {
    const { batches } = await openLines(body, { maxLineBytes: MAX_FIRST_LINE_BYTES })
    for await (const batch of batches) {
      const first = batch.find(({ text }) => !isBlank(text))
      if (first !== undefined) return isRow(first.text)
    }
    return false
  } catch {
    return false // the preview reports what is wrong with the file
  } finally {
    body.destroy()
  }
}

function isRow(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return (
      typeof value === 'object' && value !== null && !('_p' in value) && 'reason' in value && 'detail' in value && 'id' in value
    )
  } catch {
    return false
  }
}
