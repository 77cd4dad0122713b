const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d

/** One record of a CSV file: usually a line, or several if a quoted cell contains line ends. */
export interface CsvRecord {
  readonly byteStart: number
  /** Position of the byte that ends it: LF, or CR if lines end with CR alone. Or the end of the file. */
  readonly byteEnd: number
  /** Without the line end. If the record is longer than the limit, its first bytes only. May be part of a chunk of the file. */
  readonly bytes: Uint8Array
}

export interface ScannerOptions {
  /** One ASCII character. */
  readonly separator: number
  /** Whether CR alone ends a record. */
  readonly endsWithCr: boolean
  /** How much of a record is kept. */
  readonly maxBytes: number
  /** Position of the first byte. */
  readonly byteStart: number
}

const CELL_START = 0
const PLAIN = 1
const QUOTED = 2
/** After a quote in a quoted cell: it closes the cell, or a second one follows. */
const AFTER_QUOTE = 3

/**
 * Finds the records of a CSV file in its bytes, however they are chunked (RFC 4180).
 *
 * A quote opens a quoted cell only where the cell begins; inside an unquoted cell it is an ordinary character, as spreadsheets read it. Each
 * separator and quote is one byte in UTF-8 that is part of no other character, so the bytes need not be decoded.
 *
 * Memory: one record of at most `maxBytes`.
 */
export class RecordScanner {
  readonly #separator: number
  readonly #endsWithCr: boolean
  readonly #maxBytes: number
  #kept: Uint8Array[] = []
  #keptBytes = 0
  /** Where the open record starts. */
  #start: number
  /** Position of the next byte. */
  #position: number
  #state = CELL_START
  /** From 1. */
  #column = 1

  constructor({ separator, endsWithCr, maxBytes, byteStart }: ScannerOptions) {
    this.#separator = separator
    this.#endsWithCr = endsWithCr
    this.#maxBytes = maxBytes
    this.#start = this.#position = byteStart
  }

  /** The column of the quoted cell that is open. */
  get openQuote(): number | undefined {
    return this.#state === QUOTED ? this.#column : undefined
  }

  /** The records that end in the next bytes of the file. */
  *push(chunk: Uint8Array): Generator<CsvRecord> {
    const origin = this.#position
    let from = 0
    for (let at = this.#findEnd(chunk, 0); at !== -1; at = this.#findEnd(chunk, from)) {
      const bytes = chunk.subarray(from, at)
      from = at + 1
      if (this.#keptBytes > 0) this.#keep(bytes)
      yield this.#keptBytes > 0 ? this.#take(origin + at) : this.#whole(bytes, origin + at)
    }
    this.#keep(chunk.subarray(from))
    this.#position = origin + chunk.length
  }

  /** The last record, if no line end follows it. Only call this if no quote is open. */
  end(): CsvRecord | undefined {
    return this.#position > this.#start ? this.#take(this.#position) : undefined
  }

  /** @returns the position of the next line end that is not in quotes, or -1 */
  #findEnd(chunk: Uint8Array, from: number): number {
    const separator = this.#separator
    let state = this.#state
    let at = from
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at]
      if (state === QUOTED) {
        at = chunk.indexOf(QUOTE, at)
        if (at === -1) break
        state = AFTER_QUOTE
        continue
      }
      if (byte === QUOTE && state !== PLAIN) {
        state = QUOTED
      } else if (byte === separator) {
        state = CELL_START
        this.#column += 1
      } else if (byte === LF || (byte === CR && this.#endsWithCr)) {
        this.#state = CELL_START
        this.#column = 1
        return at
      } else state = PLAIN
    }
    this.#state = state
    return -1
  }

  #keep(bytes: Uint8Array): void {
    const room = Math.min(bytes.length, this.#maxBytes - this.#keptBytes)
    if (room <= 0) return
    // A copy, so that the open record does not keep the whole chunk in memory. (Slices of a Buffer are none.)
    this.#kept.push(new Uint8Array(bytes.subarray(0, room)))
    this.#keptBytes += room
  }

  /** A record that is in one chunk is not copied. */
  #whole(bytes: Uint8Array, byteEnd: number): CsvRecord {
    const record = {
      byteStart: this.#start,
      byteEnd,
      bytes: bytes.length > this.#maxBytes ? bytes.subarray(0, this.#maxBytes) : bytes,
    }
    this.#start = byteEnd + 1
    return record
  }

  #take(byteEnd: number): CsvRecord {
    const bytes = joined(this.#kept, this.#keptBytes)
    const record = { byteStart: this.#start, byteEnd, bytes }
    this.#kept = []
    this.#keptBytes = 0
    this.#start = byteEnd + 1
    return record
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [first = new Uint8Array()] = pieces
  if (pieces.length <= 1) return first
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
