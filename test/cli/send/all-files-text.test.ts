import { expect, test } from '@jest/globals'
import { allFilesText, leftText } from '../../../cli/send/all-files-text.ts'
import type { Report } from '../../../lambda/report/report.ts'

const PIPE = { write: () => true }

const report = (state: Report['state'], delivered: number, rejected = 0): Report =>
  ({ state, lines: { total: delivered + rejected, delivered, rejected, undeliverable: 0, blank: 0 } }) as Report

test('several files are counted by their result, and their lines together', () => {
  const reports = [
    report('complete', 49_000),
    report('complete-with-rejects', 311, 470),
    report('complete-with-rejects', 1, 2),
    report('failed', 0),
  ]
  expect(allFilesText({ reports, held: ['e.jsonl'], left: ['f.jsonl', 'g.jsonl'] }, PIPE)).toBe(
    '7 files: 1 done, 2 with rejected lines, 1 rejected, 1 held, 2 not finished\n' +
      '  lines: 49,312 delivered, 472 rejected, 0 undeliverable\n',
  )
})

test('the files that a stopped command leaves are named, as far as they fit', () => {
  expect(leftText(['b.jsonl'])).toBe('Not finished: b.jsonl. The same command continues with it.\n')
  const many = leftText(Array.from({ length: 100 }, (_, index) => `${index}.jsonl`))
  expect(many).toMatch(/^Not finished: 0\.jsonl, 1\.jsonl, [\s\S]*…\. The same command continues\s+with them\.\n$/)
})
