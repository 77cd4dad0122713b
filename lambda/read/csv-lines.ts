import type { Readable } from 'node:stream'
import type { ColumnMapping } from '../csv/columns.ts'
import { findCsv, type CsvLayout, type FoundCsv } from '../csv/layout.ts'
import { CsvRows, type Row, type RowOptions } from '../csv/rows.ts'
import type { Line } from './line.ts'
import { peek } from './peek.ts'
import { UnreadableFile } from './unreadable.ts'

/** Rows of a batch. Blocks of bytes can hold a hundred times as many. */
const BATCH_ROWS = 500

/** Whether a file is a CSV file. @param bytes decompressed; `all` yields everything, in order */
export async function findCsvIn(
  bytes: AsyncIterable<Buffer>,
  columns: ColumnMapping | undefined,
): Promise<{ readonly found: FoundCsv | undefined; readonly all: AsyncIterable<Buffer> }> {
  const { head, isComplete, all } = await peek(bytes, (start) => findCsv(start, false, columns).kind !== 'undecided')
  const found = findCsv(head, isComplete, columns)
  return { found: found.kind === 'csv' || found.kind === 'refused' ? found : undefined, all }
}

/**
 * The lines that the rows of a CSV file mean, in batches. If the body fails, all complete rows come out first.
 *
 * @throws the error of the body, or UnreadableFile if it cannot be decompressed or ends in a quoted cell
 */
export async function* csvBatches(
  body: Readable,
  bytes: AsyncIterable<Buffer>,
  layout: CsvLayout,
  options: RowOptions,
): AsyncGenerator<readonly Line[]> {
  const rows = new CsvRows(layout, options)
  let batch: Line[] = []
  try {
    for await (const chunk of bytes) {
      for (const row of rows.push(chunk)) {
        batch.push(toLine(row))
        if (batch.length < BATCH_ROWS) continue
        yield batch
        batch = []
      }
      if (batch.length > 0) yield batch
      batch = []
    }
    const last = rows.end()
    if (last !== undefined) yield [toLine(last)]
    if (rows.unclosedQuote !== undefined) throw new UnreadableFile(rows.unclosedQuote)
  } finally {
    body.destroy()
  }
}

function toLine({ fault, ...line }: Row): Line {
  if (fault === undefined) return line
  const { bytes, ...rest } = fault
  return { ...line, fault: { ...rest, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) } }
}
