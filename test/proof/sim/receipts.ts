import { createHash } from 'node:crypto'
import { findReceiptFault } from '../../../cli/verify/verify.ts'
import { receiptKey } from '../../../lambda/keys.ts'
import type { Receipt } from '../../../lambda/report/receipt.ts'
import type { Report } from '../../../lambda/report/report.ts'
import type { End, ModelFile } from './model.ts'
import { expectKept, type Observed } from './observed.ts'

const ENDS = ['delivered', 'rejected', 'undeliverable', 'blank'] satisfies End[]

/** A receipt is right, or there is none: as `km-import verify` checks it, with the counts of the report. */
export function checkReceipt({ id, source, bytes }: ModelFile, report: Report, { store }: Observed): void {
  const receipt = store.read(receiptKey(source)) as Receipt | undefined
  if (receipt === undefined) return
  expectKept(
    'only a file that was imported has a receipt',
    report.state.startsWith('complete'),
    () => `file ${id}: ${report.state}`,
  )
  const fault = findReceiptFault(receipt)
  expectKept('a receipt is a whole chain', fault === undefined, () => `file ${id}: ${fault ?? ''}`)
  for (const { byteStart, byteEnd, sha256 } of receipt.ranges) {
    const stored = createHash('sha256').update(bytes.subarray(byteStart, byteEnd)).digest('hex')
    expectKept(
      'a receipt has the hash of the stored bytes',
      stored === sha256,
      () => `file ${id}, bytes ${byteStart} to ${byteEnd}`,
    )
  }
  for (const end of ENDS) {
    const counted = receipt.ranges.reduce((sum, { lines }) => sum + lines[end], 0)
    expectKept(
      'a receipt counts what the report counts',
      counted === report.lines[end],
      () => `file ${id}: ${counted} ${end}, not ${report.lines[end]}`,
    )
  }
}
