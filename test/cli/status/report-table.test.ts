import { describe, expect, test } from '@jest/globals'
import { resultTable, stateText } from '../../../cli/status/report-table.ts'
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

test('the result of an import on a few rows', () => {
  expect(resultTable(REPORT, 'reports/r.json', 999, PIPE)).toBe(
    `incoming/a.json  done, 998 lines rejected, 1 line undeliverable
  lines           50,000
  delivered       49,000  record 40,000, set 9,000, alias 12
  rejected           998
  undeliverable        1
    missing_timestamp             997  lines 100, 101, 102, 103, 104, 105, …
    invalid_json                    1  line 7
  blank                1
  report         reports/r.json
  dead letters       999  in the dead-letter queue, from all files
`,
  )
})

describe('no row is wider than 80 columns', () => {
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

test('a rejected file has the reason, and no counts', () => {
  const failure = { reason: 'not_line_delimited_json', detail: `It is an array.${' Fix it.'.repeat(10)}` } as const
  const lines = { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 }
  expect(resultTable({ ...REPORT, state: 'failed', failure, lines }, 'r', 1, PIPE)).toBe(
    `incoming/a.json  rejected
  why            It is an array. Fix it. Fix it. Fix it. Fix it. Fix it. Fix it.
                 Fix it. Fix it. Fix it. Fix it.
  report         r
  dead letters         1  in the dead-letter queue, from all files
`,
  )
})

describe('the state, as the user reads it', () => {
  const none = { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 }
  // prettier-ignore
  test.each<[Report['state'], Partial<Report['lines']>, string]>([
    [ 'importing',             {},                                'importing' ],
    [ 'complete',              {},                                'done' ],
    [ 'complete-with-rejects', { rejected: 470 },                 'done, 470 lines rejected' ],
    [ 'complete-with-rejects', { rejected: 1, undeliverable: 2 }, 'done, 1 line rejected, 2 lines undeliverable' ],
    [ 'complete-with-rejects', { undeliverable: 1 },              'done, 1 line undeliverable' ],
    [ 'failed',                {},                                'rejected' ],
    [ 'superseded',            {},                                'replaced before it was fully read' ],
    [ 'gone',                  {},                                'deleted before it was fully read' ],
  ])('%s %j', (state, lines, text) => {
    expect(stateText({ state, lines: { ...none, ...lines } })).toBe(text)
  })
})

test('control characters in a name do not reach the terminal', () => {
  const file = { ...REPORT.file, key: 'incoming/\u001b[2J.json' }
  expect(resultTable({ ...REPORT, file }, 'r', 1, PIPE)).not.toContain('\u001b')
})
