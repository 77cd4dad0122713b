import { expect, test } from '@jest/globals'
import type { Failure } from '../../../lambda/deliver/retry-state.ts'
import { RetryState } from '../../../lambda/deliver/retry-state.ts'

const FAULT: Failure = { kind: 'again', blame: 'line', because: 'it answered 500' }
const BUSY: Failure = { kind: 'again', blame: 'endpoint', because: 'it is busy (429)' }

/** Ten failures of one line, with so many answers for others before each. @returns what was made of each, and of the last */
function tenFailures(failure: Failure, takenBefore: readonly number[], failedBefore: readonly number[] = []) {
  let taken = 0
  let failed = 0
  const state = new RetryState({ number: 1, at: 0, inFlight: 1, taken, failed })
  const suspects: boolean[] = []
  let end: string | undefined
  for (let index = 0; index < 10; index += 1) {
    taken += takenBefore[index] ?? 0
    failed += failedBefore[index] ?? 0
    const isSuspect = state.suspect(failure, { taken, failed })
    suspects.push(isSuspect)
    if (!isSuspect) failed += 1
    end = state.fail(failure, index * 1000, { taken, failed }, 0)
  }
  return { suspects, end }
}

const times = (count: number, value: number): readonly number[] => Array.from({ length: count }, () => value)

// prettier-ignore
test.each<[string, Failure, readonly number[], readonly number[], number, string]>([
  //  what happened                                     the line meets   others taken before   others failed before   suspect from its try   the end
  [ 'others pass all the time',                         FAULT,           times(10, 3),         [],                    2,                     'line' ],
  [ 'one passes at last',                               FAULT,           [...times(9, 0), 1],  [],                    10,                    'again' ],
  [ 'others passed before it, and none since',          FAULT,           [90],                 [],                    11,                    'unclear' ],
  [ 'others passed at first, and none since',           FAULT,           [90, 5],              [],                    2,                     'unclear' ],
  [ 'others passed at first, and others fail now',      FAULT,           [90, 5],              times(10, 2),          2,                     'endpoint' ],
  [ 'others fail',                                      FAULT,           [],                   times(10, 2),          11,                    'endpoint' ],
  [ 'it is busy, for this line as for any',             BUSY,            times(10, 3),         [],                    11,                    'again' ],
])('%s', (_what, failure, taken, failed, suspectFrom, end) => {
  const run = tenFailures(failure, taken, failed)
  expect(run.suspects).toEqual(times(10, 0).map((_, index) => index + 1 >= suspectFrom))
  expect(run.end).toBe(end)
})

test('a line that is put off for five minutes is judged, however few its tries', () => {
  const state = new RetryState({ number: 1, at: 0, inFlight: 1, taken: 0, failed: 0 })
  expect(state.fail(BUSY, 300_000, { taken: 0, failed: 1 }, 300_000)).toBe('again')
  expect(state.fail(BUSY, 300_001, { taken: 0, failed: 9 }, 300_001)).toBe('endpoint')
})
