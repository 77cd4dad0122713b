import { describe, expect, test } from '@jest/globals'
import { culpritOf, RetryState, type Failure, type RetryDecision } from '../../../lambda/deliver/retry-state.ts'

const FAULT: Failure = { kind: 'retry', cause: 'unknown', because: 'it answered 500' }
const BUSY: Failure = { kind: 'retry', cause: 'endpoint', because: 'it is busy (429)' }
const UNRESOLVED: Failure = { kind: 'unresolved', because: 'its name does not resolve (ENOTFOUND)' }

const FIRST = { number: 1, at: 0, inFlight: 1, accepted: 0, failed: 0 }

/** Ten failures of one line, with so many answers for other lines before each. */
function tenFailures(failure: Failure, acceptedBefore: readonly number[], failedBefore: readonly number[] = []) {
  let accepted = 0
  let failed = 0
  const state = new RetryState(FIRST)
  const attributed: boolean[] = []
  let decision: RetryDecision | undefined
  for (let index = 0; index < 10; index += 1) {
    accepted += acceptedBefore[index] ?? 0
    failed += failedBefore[index] ?? 0
    const isPoison = state.attributeToLine(failure, { accepted, failed })
    attributed.push(isPoison)
    if (!isPoison) failed += 1
    decision = state.fail(failure, index * 1000, { accepted, failed }, 0)
  }
  return { attributed, decision }
}

const times = (count: number, value: number): readonly number[] => Array.from({ length: count }, () => value)

describe('ten failures of one line', () => {
  // prettier-ignore
  test.each<[string, Failure, readonly number[], readonly number[], number, RetryDecision]>([
    //  meanwhile                                        failure   other lines accepted   others failed   attributed to the line from   decision
    [ 'others pass all the time',                        FAULT,    times(10, 3),          [],             2,                            'poison' ],
    [ 'one passes at last',                              FAULT,    [...times(9, 0), 1],   [],             10,                           'retry' ],
    [ 'others passed before it, and none since',         FAULT,    [90],                  [],             11,                           'unclear' ],
    [ 'others passed at first, and none since',          FAULT,    [90, 5],               [],             2,                            'unclear' ],
    [ 'others passed at first, and now others fail',     FAULT,    [90, 5],               times(10, 2),   2,                            'outage' ],
    [ 'others fail',                                     FAULT,    [],                    times(10, 2),   11,                           'outage' ],
    [ 'the endpoint is busy, and others pass',           BUSY,     times(10, 3),          [],             11,                           'retry' ],
  ])('%s', (_what, failure, accepted, failed, attributedFrom, decision) => {
    const run = tenFailures(failure, accepted, failed)
    expect(run.attributed).toEqual(times(10, 0).map((_, index) => index + 1 >= attributedFrom))
    expect(run.decision).toBe(decision)
  })
})

test('a busy endpoint may delay a line for five minutes, however few its attempts', () => {
  const state = new RetryState(FIRST)
  expect(state.fail(BUSY, 300_000, { accepted: 0, failed: 1 }, 300_000)).toBe('retry')
  expect(state.fail(BUSY, 300_001, { accepted: 0, failed: 9 }, 300_001)).toBe('outage')
  expect(state.failures).toBe(2)
})

// prettier-ignore
test.each<[string, number, number, RetryDecision]>([
  //  the name does not resolve                        waited ms   no line passed for ms   decision
  [ 'for a minute',                                    60_000,     60_000,                 'retry' ],
  [ 'for longer than a minute, for this line',         60_001,     0,                      'misconfigured' ],
  [ 'for longer than a minute, for all lines',         0,          60_001,                 'misconfigured' ],
])('a name that does not resolve %s', (_what, waitedMs, failingMs, decision) => {
  expect(new RetryState(FIRST).fail(UNRESOLVED, waitedMs, { accepted: 0, failed: 1 }, failingMs)).toBe(decision)
})

describe('the culprit, by how other lines did between the last two failures', () => {
  const answers = (accepted: number, failed: number) => ({ accepted, failed })
  // prettier-ignore
  test.each([
    //  what happened                                after its 9th       after its 10th      culprit
    [ 'others pass',                                 answers(900, 9),    answers(1000, 10),  'line' ],
    [ 'no other line was tried',                     answers(12, 9),     answers(12, 10),    undefined ],
    [ 'others fail as well',                         answers(0, 500),    answers(0, 560),    'endpoint' ],
    [ 'the outage began after many had passed',      answers(5000, 300), answers(5000, 360), 'endpoint' ],
    [ 'half pass, half fail',                        answers(50, 50),    answers(60, 61),    'endpoint' ],
    [ 'most pass, few fail',                         answers(50, 50),    answers(70, 60),    'line' ],
  ])('%s', (_what, before, after, culprit) => {
    expect(culpritOf(before, after)).toBe(culprit)
  })
})
