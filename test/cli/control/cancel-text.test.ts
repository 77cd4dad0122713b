import { expect, test } from '@jest/globals'
import { cancelledRows, sentText } from '../../../cli/control/cancel-text.ts'
import type { CancelledLines } from '../../../lambda/report/report.ts'

// prettier-ignore
test.each<[string, CancelledLines['settled'], CancelledLines['unsure'], readonly string[]]>([
  ['nothing',                [],                            [],                              ['  No line was sent.']],
  ['the first lines',        [[1, 1_200]],                  [],                              ['  settled        lines 1 to 1,200']],
  ['with gaps',              [[1, 5], [7, 7], [9, 20]],     [],                              ['  settled        lines 1 to 5, 7, 9 to 20']],
])('an import that was cancelled after %s', (_what, settled, unsure, rows) => {
  expect(cancelledRows({ cancelled: { at: '', settled, unsure } })).toEqual(rows)
})

test.each([
  [8, '6, 8'],
  [Number.MAX_SAFE_INTEGER, '6, 8 to the end'],
])('lines that may have been sent, up to %d', (last, text) => {
  const rows = cancelledRows({ cancelled: { at: '', settled: [[1, 5], [7, 7]], unsure: [[6, 6], [8, last]] } }) // prettier-ignore
  expect(rows.join('\n')).toContain(`perhaps sent   lines ${text}\n  The answers to these were lost`)
})

test('another import has no such rows', () => {
  expect(cancelledRows({})).toEqual([])
})

test('lines that the endpoint refused, and that the report does not name, are mentioned', () => {
  expect(sentText({ count: 1_200, refused: 0 }, 'sent.jsonl', '')).toBe(
    'sent.jsonl has the 1,200 lines that Kissmetrics has accepted.\n',
  )
  expect(sentText({ count: 1_200, refused: 3 }, 'sent.jsonl', ' --stack Prod')).toContain(
    'The endpoint has refused 3 of them: their dead letters name them (npx km-import rejects list --stack Prod).',
  )
})
