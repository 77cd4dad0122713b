import { receiptKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { RECEIPT_SCHEMA, sealed, type Receipt, type ReceiptRange } from '../report/receipt.ts'
import { finalReport, type ImportState } from '../report/report.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import type { CancelledPart } from './cancelled-lines.ts'

/** A part of a file whose import has ended. */
export type FinishedPart = CancelledPart & { readonly checkpoint: Pick<Checkpoint, 'counts' | 'sha256'> | undefined }

/**
 * Stores the receipt of a file that was imported to its end. The first one stays, whatever is delivered twice.
 *
 * Nothing depends on it, so errors are ignored: after a crash or a failed write, a file has a receipt that is right, or none.
 */
export async function storeReceipt(
  importState: ImportState,
  parts: readonly FinishedPart[],
  { documents, clock }: Pick<Ports, 'documents' | 'clock'>,
): Promise<void> {
  const { file } = importState
  try {
    const receipt = receiptOf(importState, parts, new Date(clock.now()).toISOString())
    if (receipt !== undefined) await documents.put({ bucket: file.bucket, key: receiptKey(file) }, receipt, undefined)
  } catch {
    // The report says what happened.
  }
}

/** @returns undefined if the bytes of a part are not known, because they could not be read again, or an earlier version has imported it */
export function receiptOf(importState: ImportState, parts: readonly FinishedPart[], writtenAt: string): Receipt | undefined {
  const ranges = parts.map(({ checkpoint }, index): ReceiptRange | undefined => {
    const { byteStart, byteEnd } = importState.segments?.[index] ?? { byteStart: 0, byteEnd: importState.bytes }
    const sha256 = checkpoint?.sha256
    return sha256 === undefined || checkpoint === undefined
      ? undefined
      : { byteStart, byteEnd, sha256, lines: checkpoint.counts.lines }
  })
  const known = ranges.filter((range) => range !== undefined)
  if (known.length === 0 || known.length < ranges.length) return undefined
  const { file, startedAt, invocations, repeatsPossible, fixedBy } = finalReport(importState, writtenAt)
  const head = { schema: RECEIPT_SCHEMA, file, startedAt, writtenAt, invocations, repeatsPossible } as const
  return sealed({ ...head, ...(fixedBy !== undefined && { fixedBy }) }, known)
}
