import path from 'node:path'
import { sealed, type Receipt } from '../../lambda/report/receipt.ts'

/** The receipt of a file on this computer with its name only: a receipt is shown to others, and the folder is none of their business. */
export function withoutFolder({ seal: _seal, ranges, ...head }: Receipt): Receipt {
  return sealed({ ...head, file: { ...head.file, key: path.basename(head.file.key) } }, ranges)
}
