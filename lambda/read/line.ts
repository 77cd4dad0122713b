import type { LineFault } from './line-guard.ts'

/** One line of a file. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Position of its bytes in the file (in the decompressed content of a compressed file). The end is exclusive: without `\n`, with `\r`. */
  readonly byteStart: number
  readonly byteEnd: number
  /** Without `\r`. Empty if there is a fault. For a row of a CSV file: the JSON line that the row means. */
  readonly text: string
  /** If the file is a CSV file. */
  readonly format?: 'csv'
  /** The row as it is in the file, if it is a CSV file. */
  readonly row?: string
  readonly fault?: LineFault
}
