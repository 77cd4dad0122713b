import { describe, expect, test } from '@jest/globals'
import {
  countClosedGroups,
  readClosedGroups,
  takenLines,
  withClosedGroups,
  withSend,
  withSendResults,
  type ClosedGroups,
  type GroupSend,
} from '../../../lambda/settle/closed-groups.ts'
import { NewerVersionError } from '../../../lambda/errors.ts'
import type { LineRanges } from '../../../lambda/common/line-ranges.ts'

const REASON = 'missing_timestamp'
const NONE = readClosedGroups(undefined, 'key')
const send = (run: string, lines: LineRanges, reason = REASON): GroupSend => ({
  ...{ reason, run, lines, file: `incoming/replays/${run}.json`, at: '2026-01-01T00:00:00.000Z' },
})
const uploaded = (groups: ClosedGroups, run: string) => withSendResults(groups, new Map([[run, 'uploaded']]))
const discard = (groups: ClosedGroups, lines: number) => withClosedGroups(groups, [{ reason: REASON, lines }])

describe('lines of a group that replays send', () => {
  test('are taken by one of them', () => {
    const groups = withSend(withSend(NONE, send('a', [[1, 10]])), send('b', [[8, 12]])) // prettier-ignore
    expect(groups.sending?.map(({ run, lines }) => [run, lines])).toEqual([
      ['a', [[1, 10]]],
      ['b', [[11, 12]]],
    ])
    expect(takenLines(groups, REASON)).toEqual([[1, 12]])
    expect(takenLines(groups, 'invalid_json')).toEqual([])
  })

  test('are taken once by the same run, however often it writes', () => {
    const groups = withSend(NONE, send('a', [[1, 10]]))
    expect(withSend(groups, send('a', [[1, 10]]))).toBe(groups)
  })

  test('stay taken when they are uploaded, and are free again if they never were', () => {
    const both = withSend(withSend(NONE, send('a', [[1, 2]])), send('b', [[3, 4]]))
    const ended = withSendResults(both, new Map([['a', 'uploaded'], ['b', 'abandoned']])) // prettier-ignore
    expect(ended).toMatchObject({ sent: { [REASON]: [[1, 2]] }, sending: [] })
    expect(uploaded(ended, 'a')).toBe(ended)
    expect(withSend(ended, send('c', [[1, 4]])).sending).toMatchObject([{ run: 'c', lines: [[3, 4]] }])
    expect(withSend(ended, send('d', [[1, 2]]))).toBe(ended)
  })

  test('cannot be taken from a group that is discarded, and those of another group can', () => {
    const groups = discard(NONE, 10)
    expect(withSend(groups, send('a', [[1, 2]]))).toBe(groups)
    expect(withSend(groups, send('a', [[1, 2]], 'invalid_json')).sending).toHaveLength(1)
  })
})

describe('a discarded group', () => {
  // prettier-ignore
  test.each<[string, ClosedGroups, number]>([
    ['closes all of its lines',                          NONE,                                                      10],
    ['does not close those that were sent',              uploaded(withSend(NONE, send('a', [[1, 4]])), 'a'),        6],
    ['does not close those that are being sent',         withSend(NONE, send('a', [[1, 4]])),                       6],
    ['closes all of them if those sent are of another',  withSend(NONE, send('a', [[1, 4]], 'invalid_json')),       10],
    ['closes nothing if all were sent',                  withSend(NONE, send('a', [[1, 10]])),                      0],
  ])('%s', (_what, earlier, closed) => {
    const once = discard(earlier, 10)
    expect(countClosedGroups(once)).toEqual({ fixed: 0, closed })
    expect(discard(once, 10)).toEqual(once)
  })
})

test('what an older version has written is read, and unknown fields of a document are kept', () => {
  const old = { schema: NONE.schema, discarded: { [REASON]: 3 }, added: 'later' }
  expect(withSend(readClosedGroups(old, 'key'), send('a', [[1, 1]], 'invalid_json'))).toMatchObject(old)
  expect(() => readClosedGroups({ schema: NONE.schema.replace('v1', 'v2') }, 'key')).toThrow(NewerVersionError)
})
