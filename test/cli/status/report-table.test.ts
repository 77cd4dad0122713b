import { describe, expect, test } from '@jest/globals'
import { resultTable } from '../../../cli/status/report-table.ts'
import type { Report } from '../../../lambda/report/report.ts'

const REPORT: Report = {
  schema: 'kissmetrics-importer/report/v1',
  state: 'complete-with-rejects',
  file: { bucket: 'b', key: 'incoming/a.json', versionId: 'v', etag: 'e', bytes: 100 },
  lines: { total: 50_000, delivered: 49_000, rejected: 998, undeliverable: 1, blank: 1 },
  commands: { record: 40_000, set: 9_000, alias: 12 },
  rejectedBy: {
    invalid_json: { count: 1, examples: [{ line: 7, detail: 'd' }] },
    missing_timestamp: { count: 997, examples: Array.from({ length: 20 }, (_, index) => ({ line: 100 + index, detail: 'd' })) },
  },
  warnings: {},
  time: { first: 1, last: 2 },
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  invocations: 1,
  repeatsPossible: 0,
}

const PIPE = { write: () => true }

test('a drop that ended is told in a few rows', () => {
  expect(resultTable(REPORT, 'reports/r.json', 999, PIPE)).toBe(
    `incoming/a.json  complete, some lines came back
  lines           50,000
  delivered       49,000  record 40,000, set 9,000, alias 12
  rejected           998
  undeliverable        1
    invalid_json                    1  line 7
    missing_timestamp             997  lines 100, 101, 102, 103, 104, …
  blank                1
  report         reports/r.json
  dead letters       999  wait in the dead-letter queue
`,
  )
})

describe('no row is wider than a terminal of 80 columns', () => {
  test.each([1, 10, 99_999, 123_456_789])('with line numbers around %i', (first) => {
    const examples = Array.from({ length: 20 }, (_, index) => ({ line: first + index, detail: 'd' }))
    const table = resultTable(
      { ...REPORT, rejectedBy: { property_value_too_long: { count: 1_000_000, examples } } },
      'r',
      1,
      PIPE,
    )
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
  })
})

test('a drop that came back as a whole says why', () => {
  const failure = { reason: 'not_line_delimited_json', detail: `It is an array.${' Mend it.'.repeat(10)}` } as const
  const lines = { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 }
  expect(resultTable({ ...REPORT, state: 'failed', failure, lines }, 'r', 1, PIPE)).toBe(
    `incoming/a.json  came back as a whole
  why            It is an array. Mend it. Mend it. Mend it. Mend it. Mend it.
                 Mend it. Mend it. Mend it. Mend it. Mend it.
  report         r
  dead letters         1  waits in the dead-letter queue
`,
  )
})

test('a name cannot reach the terminal', () => {
  const file = { ...REPORT.file, key: 'incoming/\u001b[2J.json' }
  expect(resultTable({ ...REPORT, file }, 'r', 1, PIPE)).not.toContain('\u001b')
})
