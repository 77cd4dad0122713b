import type { EpochSeconds } from '../parse/time.ts'
import { cellsOf } from './cells.ts'
import type { CsvLayout } from './layout.ts'
import { RecordScanner, type CsvRecord } from './record-scanner.ts'
import { lineOfRow } from './row-line.ts'

/** How much of a row that cannot become a line is kept, for its dead letter. */
const MAX_KEPT_BYTES = 200 * 1024

/** A row of a CSV file, and the line that it means. */
export interface Row {
  /** As a spreadsheet shows it: from 1, and the names of the columns are in the first row. */
  readonly number: number
  /** Position of its bytes in the file. The end is exclusive: without `\n`, with `\r`. */
  readonly byteStart: number
  readonly byteEnd: number
  readonly format: 'csv'
  /** The line. Empty if the row has the names of the columns, is blank, or has a fault. */
  readonly text: string
  /** The row as it is in the file. */
  readonly row?: string
  readonly fault?: CsvFault
}

/** Why a row cannot become a line. */
export interface CsvFault {
  readonly reason: 'line_too_long' | 'invalid_encoding' | 'invalid_row'
  /** The bytes of the row, at most MAX_KEPT_BYTES. */
  readonly bytes: Uint8Array
  readonly specifics?: string
}

export interface RowOptions {
  readonly maxLineBytes: number
  readonly fileTime?: EpochSeconds
  /** Rows up to this one are settled: they are only counted, and their lines are empty. */
  readonly settledRows?: number
}

/**
 * Turns the bytes of a CSV file into its rows, each with the line that it means. Runs in a browser too.
 *
 * Memory: one row of at most `maxLineBytes` (or MAX_KEPT_BYTES, if that is more).
 */
export class CsvRows {
  readonly #layout: CsvLayout
  readonly #options: RowOptions
  readonly #scanner: RecordScanner
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #bytesToSkip: number
  #number = 0

  constructor(layout: CsvLayout, options: RowOptions) {
    const { separator, endsWithCr, byteStart } = layout
    this.#layout = layout
    this.#options = options
    this.#bytesToSkip = byteStart
    this.#scanner = new RecordScanner({
      separator: separator.charCodeAt(0),
      endsWithCr,
      byteStart,
      maxBytes: Math.max(MAX_KEPT_BYTES, options.maxLineBytes + 1),
    })
  }

  /** The rows that end in the next bytes of the file. */
  *push(chunk: Uint8Array): Generator<Row> {
    const skipped = Math.min(chunk.length, this.#bytesToSkip)
    this.#bytesToSkip -= skipped
    for (const record of this.#scanner.push(chunk.subarray(skipped))) yield this.#rowOf(record)
  }

  /** The last row, if it has no line end. Throws away a row whose quote is not closed: `unclosedQuote` says where it is. */
  end(): Row | undefined {
    if (this.#scanner.openQuote !== undefined) return undefined
    const record = this.#scanner.end()
    return record && this.#rowOf(record)
  }

  /** Where the file ends within a quoted cell. */
  get unclosedQuote(): string | undefined {
    const column = this.#scanner.openQuote
    return column === undefined ? undefined : `the quote that opens in row ${this.#number + 1}, column ${column}, is never closed`
  }

  #rowOf({ byteStart, byteEnd, bytes }: CsvRecord): Row {
    this.#number += 1
    if (this.#number <= (this.#options.settledRows ?? 0))
      return { number: this.#number, byteStart, byteEnd, format: 'csv', text: '' }
    const position = { number: this.#number, byteStart, byteEnd, format: 'csv' } as const
    if (byteEnd - byteStart > this.#options.maxLineBytes) return { ...position, ...faulty('line_too_long', bytes) }
    const decoded = this.#decode(bytes)
    if (decoded === undefined) return { ...position, ...faulty('invalid_encoding', bytes) }
    if (this.#number <= this.#layout.headerRow) return { ...position, text: '' }
    const row = decoded.endsWith('\r') ? decoded.slice(0, -1) : decoded
    const cells = cellsOf(row, this.#layout.separator)
    if ('column' in cells)
      return { ...position, ...faulty('invalid_row', bytes, `text follows the closing quote in column ${cells.column}`) }
    const line = lineOfRow(cells, this.#layout, this.#options.fileTime)
    return typeof line === 'string'
      ? { ...position, text: line, row }
      : { ...position, ...faulty('invalid_row', bytes, line.specifics) }
  }

  #decode(bytes: Uint8Array): string | undefined {
    try {
      return this.#decoder.decode(bytes)
    } catch {
      return undefined
    }
  }
}

function faulty(reason: CsvFault['reason'], bytes: Uint8Array, specifics?: string): Pick<Row, 'text' | 'fault'> {
  const fault = {
    reason,
    bytes: new Uint8Array(bytes.subarray(0, MAX_KEPT_BYTES)),
    ...(specifics !== undefined && { specifics }),
  }
  return { text: '', fault }
}
