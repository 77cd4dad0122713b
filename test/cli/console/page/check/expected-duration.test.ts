import { describe, expect, test } from '@jest/globals'
import { expectedDuration } from '../../../../../cli/console/page/check/expected-duration.ts'
import type { Report } from '../../../../../lambda/report/report.ts'

const ESTIMATE = { requests: 50_000, fastestSeconds: 39, slowestSeconds: 3_585 }

/** An import that took so many seconds; undefined: it has not ended. */
function imported(delivered: number, seconds: number | undefined): Report {
  const startedAt = '2026-11-01T00:00:00.000Z'
  const finishedAt = seconds === undefined ? undefined : new Date(Date.parse(startedAt) + seconds * 1000).toISOString()
  return { lines: { delivered }, startedAt, ...(finishedAt !== undefined && { finishedAt }) } as Report
}

describe('the expected duration of 50,000 lines', () => {
  // prettier-ignore
  test.each([
    // last imports                                                           says
    [ 'none',                   [],                                           '39 s to 1 h' ],
    [ 'one',                    [imported(10_000, 10)],                       'about 50 s, like the last imports' ],
    [ 'the median of several',  [imported(1e5, 1), imported(1e4, 20), imported(1e4, 10_000)], 'about 2 min, like the last imports' ],
    [ 'only short ones',        [imported(3, 0.1), imported(5_000, 0.2)],     '39 s to 1 h' ],
    [ 'one that still runs',    [imported(10_000, undefined)],                '39 s to 1 h' ],
  ])('%s', (_what, reports, text) => {
    expect(expectedDuration(50_000, reports, ESTIMATE)).toBe(text)
  })
})
