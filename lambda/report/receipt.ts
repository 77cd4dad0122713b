import { createHash } from 'node:crypto'
import type { Counts } from '../settle/counts.ts'
import type { Report } from './report.ts'

export const RECEIPT_SCHEMA = 'kissmetrics-importer/receipt/v1'

type Lines = Counts['lines']

/** A part of the file that one chain of invocations has imported, and how its lines ended. */
export interface ReceiptRange {
  /** Position in the file, as it is stored. The end is exclusive. */
  readonly byteStart: number
  readonly byteEnd: number
  /** SHA-256 of these bytes, in hexadecimal digits. */
  readonly sha256: string
  readonly lines: Lines
}

/** What the ranges are part of. */
export interface ReceiptHead {
  readonly schema: typeof RECEIPT_SCHEMA
  readonly file: Report['file']
  readonly startedAt: string
  readonly writtenAt: string
  readonly invocations: number
  readonly repeatsPossible: number
  /** The import rules, as the report counts them. */
  readonly fixedBy?: Report['fixedBy']
}

/** Which bytes were imported, and how their lines ended: so that nobody has to trust a report alone. docs/receipts.md explains it. */
export interface Receipt extends ReceiptHead {
  readonly ranges: readonly (ReceiptRange & { readonly chain: string })[]
  /** The last link of the chain: everything else in the receipt is part of it. */
  readonly seal: string
}

/** Each link is the SHA-256 of the link before it, and of a range. The first one is of the head. */
export function sealed(head: ReceiptHead, ranges: readonly ReceiptRange[]): Receipt {
  let seal = hashOf([head])
  const linked = ranges.map(({ byteStart, byteEnd, sha256, lines }) => {
    seal = hashOf([seal, byteStart, byteEnd, sha256, ordered(lines)])
    return { byteStart, byteEnd, sha256, lines: ordered(lines), chain: seal }
  })
  return { ...head, ranges: linked, seal }
}

function ordered({ delivered, rejected, undeliverable, blank }: Lines): Lines {
  return { delivered, rejected, undeliverable, blank }
}

function hashOf(values: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(values)).digest('hex')
}
