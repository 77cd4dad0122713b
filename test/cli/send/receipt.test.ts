import { expect, test } from '@jest/globals'
import { withoutFolder } from '../../../cli/send/receipt.ts'
import { findReceiptFault } from '../../../cli/verify/verify.ts'
import { RECEIPT_SCHEMA, sealed } from '../../../lambda/report/receipt.ts'

test('a receipt names the file and not its folder, and its chain is right', () => {
  const lines = { delivered: 2, rejected: 0, undeliverable: 0, blank: 0 }
  const written = sealed(
    {
      schema: RECEIPT_SCHEMA,
      file: { bucket: 'this computer', key: '/home/ann/secret project/march.jsonl', bytes: 10 },
      startedAt: '2026-11-01T08:00:00.000Z',
      writtenAt: '2026-11-01T08:01:10.000Z',
      invocations: 1,
      repeatsPossible: 0,
    },
    [{ byteStart: 0, byteEnd: 10, sha256: 'a'.repeat(64), lines }],
  )
  const shown = withoutFolder(written)
  expect(shown.file.key).toBe('march.jsonl')
  expect(findReceiptFault(shown)).toBeUndefined()
  expect(JSON.stringify(shown)).not.toContain('secret project')
})
