import { writeFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { closeReports, rejectsWith } from '../../../../cli/send/closing/close-reports.ts'
import type { ClosedLines } from '../../../../cli/send/closing/closed-lines.ts'
import type { Report } from '../../../../lambda/report/report.ts'
import { TestFolder } from '../sent-file.ts'

/** The report of a send that has rejected so many lines. @param fixed as counted earlier */
const reportOf = (rejected: number, fixed = 0): Report => ({
  schema: 'kissmetrics-importer/report/v1',
  state: 'complete-with-rejects',
  file: { bucket: 'b', key: '/a.jsonl', etag: 'e', bytes: 1 },
  lines: { total: rejected, delivered: 0, rejected, undeliverable: 0, blank: 0 },
  rejects: { open: rejected - fixed, fixed, discarded: 0 },
  commands: { record: 0, set: 0, alias: 0 },
  rejectedBy: {},
  warnings: {},
  startedAt: '2026-01-01T00:00:00.000Z',
  invocations: 1,
  repeatsPossible: 0,
})

const closedLines = (fixed: readonly number[], discarded: readonly number[], kept?: readonly number[]): ClosedLines => ({
  fixed: new Set(fixed),
  discarded: new Set(discarded),
  kept: kept && new Set(kept),
})

// prettier-ignore
test.each<[string, number, ClosedLines, { readonly open: number; readonly fixed: number; readonly discarded: number }]>([
  //  of so many rejected lines               lines  what is known                         counts
  [ 'nothing is closed',                       3, closedLines([], []),                  { open: 3, fixed: 0, discarded: 0 } ],
  [ 'one is fixed, one discarded again',       3, closedLines([1], [2]),                { open: 1, fixed: 1, discarded: 1 } ],
  [ 'a row was deleted',                       3, closedLines([], [], [1, 3]),          { open: 2, fixed: 0, discarded: 1 } ],
  [ 'the row of a delivered line was deleted', 3, closedLines([2], [], [1, 3]),         { open: 2, fixed: 1, discarded: 0 } ],
  [ 'the row of a discarded line is kept',     3, closedLines([], [2], [1, 2]),         { open: 1, fixed: 0, discarded: 2 } ],
  [ 'discarded in one place, fixed in another', 1, closedLines([1], [1]),               { open: 0, fixed: 1, discarded: 0 } ],
  [ 'a row that no line was counted for',      1, closedLines([], [], [1, 2]),          { open: 1, fixed: 0, discarded: 0 } ],
])('%s', (_what, lines, closed, counts) => {
  expect(rejectsWith(reportOf(lines), closed)).toEqual(counts)
})

test('each line is counted once, and one that was counted as fixed stays so if its file is deleted', () => {
  const lines = fc.uniqueArray(fc.integer({ min: 1, max: 12 }))
  fc.assert(
    fc.property(fc.nat(10), fc.nat(10), lines, lines, fc.option(lines, { nil: undefined }), (total, before, ...known) => {
      const earlier = Math.min(total, before)
      const { open, fixed, discarded } = rejectsWith(reportOf(total, earlier), closedLines(...known))
      expect(open + fixed + discarded).toBe(total)
      expect(Math.min(open, discarded)).toBeGreaterThanOrEqual(0)
      expect(fixed).toBeGreaterThanOrEqual(earlier)
    }),
  )
})

test('what only a newer version can read is not overlooked', async () => {
  await using folder = await TestFolder.create()
  await folder.write('a.jsonl.report.json', JSON.stringify(reportOf(1)))
  const kept = folder.at('a.jsonl.kept-rows.json')
  await writeFile(kept, '{"schema":"kissmetrics-importer/kept-rows/v2"}')
  await expect(closeReports(folder.at('a.jsonl'))).rejects.toThrow(`${kept} was written by a newer version of the importer.`)
  await writeFile(kept, '{}')
  await folder.write('a.jsonl.fixed-01234567.jsonl.origins.json', '{"schema":"kissmetrics-importer/fixed-file/v2"}')
  await expect(closeReports(folder.at('a.jsonl'))).rejects.toThrow('origins.json was written by a newer version')
})
