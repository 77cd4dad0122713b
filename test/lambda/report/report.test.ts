import { describe, expect, test } from '@jest/globals'
import { reject } from '../../../lambda/reasons.ts'
import {
  finalReport,
  isFinal,
  isFinished,
  missingReport,
  progressReport,
  STALE_MS,
  staleForMs,
  type ImportState,
} from '../../../lambda/report/report.ts'
import { reportKey } from '../../../lambda/keys.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'

const NOW = '2026-01-01T00:00:00.000Z'

function importState(lines: Partial<ReturnType<typeof emptyCounts>['lines']>, linesRead: number): ImportState {
  const counts = emptyCounts()
  return {
    file: { bucket: 'b', key: 'incoming/a.json', versionId: 'v' },
    bytes: 10,
    counts: { ...counts, lines: { ...counts.lines, ...lines } },
    linesRead,
    startedAt: NOW,
    invocations: 1,
    repeatsPossible: 0,
    repeatedTries: 0,
  }
}

// prettier-ignore
test.each([
  //  how its lines ended              ended                                                       state
  [ 'every line was delivered',        importState({ delivered: 3 }, 3),                               'complete' ],
  [ 'the file was empty',              importState({}, 0),                                             'complete' ],
  [ 'only blank lines',                importState({ blank: 2 }, 2),                                   'complete' ],
  [ 'a line was rejected',             importState({ delivered: 1, rejected: 1 }, 2),                  'complete-with-rejects' ],
  [ 'a line could not be delivered',   importState({ undeliverable: 1 }, 1),                           'complete-with-rejects' ],
])('%s: %j', (_what, ended, state) => {
  const report = finalReport(ended, NOW)
  expect(report.state).toBe(state)
  expect(report.lines.total).toBe(report.lines.delivered + report.lines.rejected + report.lines.undeliverable + report.lines.blank)
})

test('a file that was rejected as a whole has failed, and says why', () => {
  expect(finalReport(importState({}, 0), NOW, reject('not_line_delimited_json'))).toMatchObject({
    state: 'failed',
    failure: { reason: 'not_line_delimited_json' },
    finishedAt: NOW,
  })
})

describe('counts that do not add up are an error', () => {
  test.each([
    [3, 4],
    [3, 2],
  ])('%i ended, %i read', (ended, read) => {
    expect(() => finalReport(importState({ delivered: ended - 1, blank: 1 }, read), NOW)).toThrow(
      `The import of incoming/a.json does not add up: ${read} lines were read, but ${ended} ended ` +
        `(${ended - 1} delivered + 0 rejected + 0 undeliverable + 1 blank). This is a bug in the importer. The file is imported again.`,
    )
  })
})

test('the fields of a report are a contract', () => {
  expect(
    Object.keys(
      finalReport(
        {
          ...importState({ delivered: 1 }, 1),
          counts: { ...importState({ delivered: 1 }, 1).counts, time: { first: 1, last: 2 } },
        },
        NOW,
      ),
    ),
  ).toEqual([
    'schema',
    'state',
    'file',
    'lines',
    'commands',
    'rejectedBy',
    'warnings',
    'time',
    'startedAt',
    'invocations',
    'repeatsPossible',
    'finishedAt',
  ])
})

test('the same import has the same report', () => {
  expect(JSON.stringify(finalReport(importState({ delivered: 1 }, 1), NOW))).toBe(
    JSON.stringify(finalReport(importState({ delivered: 1 }, 1), NOW)),
  )
})

// prettier-ignore
test.each([
  //  the file                                                                   the key of its report
  [ { bucket: 'b', key: 'incoming/a b.json', versionId: 'v', etag: 'e' },        'reports/incoming/a b.json/v/report.json' ],
  [ { bucket: 'b', key: 'incoming/a.json', etag: '"e"' },                        'reports/incoming/a.json/e/report.json' ],
  [ { bucket: 'b', key: 'incoming/a.json' },                                     'reports/incoming/a.json/unknown/report.json' ],
])('%j', (file, key) => {
  expect(reportKey(file)).toBe(key)
})

// prettier-ignore
test.each([
  //  lines  runs   after lost answers   by killed runs   the report says
  [   100,   1,     3,                   0,               3 ],
  [   100,   2,     3,                   8_192,           8_195 ],
  [   2,     2,     0,                   8_192,           2 * 2 * 41 ], // each run can send each line, and repeat it 40 times
])('%i lines, %i runs, %i tries after a lost answer, at most %i requests of killed runs: repeatsPossible', (linesRead, invocations, repeatedTries, killed, expected) => {
  const state = { ...importState({}, linesRead), invocations, repeatedTries, repeatsPossible: repeatedTries + killed }
  expect(progressReport(state, NOW).repeatsPossible).toBe(expected)
})

test('which reports are final, and which allow the file to be imported again', () => {
  const reports = [
    progressReport(importState({}, 1), NOW),
    finalReport(importState({}, 0), NOW),
    finalReport(importState({}, 0), NOW, reject('object_unreadable')),
    missingReport(importState({}, 0), 'gone', NOW),
    missingReport(importState({}, 0), 'superseded', NOW),
  ]
  expect(reports.map((report) => [report.state, isFinal(report), isFinished(report)])).toEqual([
    ['importing', false, false],
    ['complete', true, true],
    ['failed', true, false],
    ['gone', true, true],
    ['superseded', true, true],
  ])
})

test('a report of an import that is not done says when it was written, and when nothing had happened before', () => {
  expect(progressReport(importState({}, 1), NOW)).toMatchObject({ updatedAt: NOW })
  const stale = { since: NOW, segments: 2 }
  expect(progressReport({ ...importState({}, 1), stale }, NOW)).toMatchObject({ stale })
  expect(finalReport({ ...importState({}, 0), stale }, NOW)).not.toHaveProperty('stale')
  expect(finalReport(importState({}, 0), NOW)).not.toHaveProperty('updatedAt')
})

test.each([
  [{ updatedAt: NOW }, STALE_MS - 1, undefined],
  [{ updatedAt: NOW }, STALE_MS, STALE_MS],
  [{}, STALE_MS, undefined],
])('%j, %i ms later, is stale for %p ms', (report, laterMs, expected) => {
  expect(staleForMs(report, Date.parse(NOW) + laterMs)).toBe(expected)
})
