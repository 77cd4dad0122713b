import * as v from 'valibot'
import { SetupError } from '../../lambda/errors.ts'
import { RECEIPT_SCHEMA, type Receipt } from '../../lambda/report/receipt.ts'
import { refuseNewer } from '../../lambda/common/schema.ts'

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Enough to compute the chain again. Fields that a newer version adds beside `ranges` are part of it, too. */
const ReceiptShape = v.looseObject({
  schema: v.literal(RECEIPT_SCHEMA),
  file: v.looseObject({ bucket: v.string(), key: v.string(), bytes: Count, versionId: v.exactOptional(v.string()) }),
  startedAt: v.string(),
  writtenAt: v.string(),
  ranges: v.array(
    v.looseObject({
      byteStart: Count,
      byteEnd: Count,
      sha256: v.string(),
      chain: v.string(),
      lines: v.object({ delivered: Count, rejected: Count, undeliverable: Count, blank: Count }),
    }),
  ),
  seal: v.string(),
})

/** @param name of the receipt, for messages @throws SetupError if it is not one, NewerVersionError if a newer version wrote it */
export function readReceipt(text: string, name: string): Receipt {
  const value = parsed(text)
  refuseNewer(value, RECEIPT_SCHEMA, name)
  if (v.is(ReceiptShape, value)) return value as unknown as Receipt
  throw new SetupError(
    `${name} is not a receipt of the importer. It is called receipt.json, beside report.json under reports/ in the bucket, or FILE.receipt.json after a send.`,
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
