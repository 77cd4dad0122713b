import { describe, expect, test } from '@jest/globals'
import {
  culpritOf,
  RetryState,
  type EndpointHistory,
  type Failure,
  type RetryDecision,
} from '../../../lambda/deliver/retry-state.ts'

const BAD: Failure = { kind: 'retry', cause: 'request', because: 'it answered 400' }
const FAULT: Failure = { kind: 'retry', cause: 'unknown', because: 'it answered 500' }
const BUSY: Failure = { kind: 'retry', cause: 'endpoint', because: 'it is busy (429)' }
const UNRESOLVED: Failure = { kind: 'unresolved', because: 'its name does not resolve (ENOTFOUND)' }

/** What other lines do while a line waits after its failure. */
type Meanwhile = 'others pass' | 'others fail' | 'earlier ones pass' | 'nothing'

/** One line that fails again and again. */
function failing(failure: Failure, meanwhile: readonly Meanwhile[]) {
  let history: EndpointHistory = { accepted: 0, failed: 0, begun: 64, newestAccepted: 0 }
  const state = new RetryState(0)
  const attributed: boolean[] = []
  const decisions: RetryDecision[] = []
  for (const [index, what] of meanwhile.entries()) {
    const now = index * 1000
    const isOwn = state.attributeToLine(failure, history)
    attributed.push(isOwn)
    if (!isOwn) history = { ...history, failed: history.failed + 1 }
    state.fail(failure, now, history, 0, 0)
    const { accepted, failed, begun } = history
    if (what === 'others pass') history = { ...history, accepted: accepted + 3, begun: begun + 3, newestAccepted: begun + 3 }
    if (what === 'others fail') history = { ...history, failed: failed + 2, begun: begun + 2 }
    if (what === 'earlier ones pass') history = { ...history, accepted: accepted + 3, newestAccepted: 64 }
    decisions.push(state.decide(now + 500, history))
    history = { ...history, begun: history.begun + 1 }
  }
  return { state, attributed, decisions }
}

const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value)

describe('a line that fails again and again', () => {
  // prettier-ignore
  test.each<[string, Failure, readonly Meanwhile[], number, RetryDecision]>([
    //  it fails                                         failure   after each failure                                      its own from   decision
    [ 'with 400, and others pass',                       BAD,      times(3, 'others pass'),                                2,             'poison' ],
    [ 'with 400, twice',                                 BAD,      times(2, 'others pass'),                                2,             'retry' ],
    [ 'with 400, and others fail as well',               BAD,      times(3, 'others fail'),                                4,             'outage' ],
    [ 'with 400, and only requests from before pass',    BAD,      times(3, 'earlier ones pass'),                          4,             'retry' ],
    [ 'with 400, and others fail at last',               BAD,      ['others pass', 'others pass', 'others fail'],          2,             'outage' ],
    [ 'with 400, and nothing else is sent at last',      BAD,      ['others pass', 'others pass', 'nothing'],              2,             'unclear' ],
    [ 'with 400, and nothing else is sent',              BAD,      times(3, 'nothing'),                                    4,             'unclear' ],
    [ 'with 400, and others pass only at last',          BAD,      ['nothing', 'nothing', 'others pass'],                  4,             'retry' ],
    [ 'with 500, and others pass',                       FAULT,    times(10, 'others pass'),                               2,             'poison' ],
    [ 'with 500, nine times',                            FAULT,    times(9, 'others pass'),                                2,             'retry' ],
    [ 'with 500, and one passes at last',                FAULT,    [...times(9, 'nothing' as const), 'others pass'],       11,            'retry' ],
    [ 'with 500, and others passed at first',            FAULT,    ['others pass', ...times(9, 'others fail' as const)],   2,             'outage' ],
    [ 'with 500, and nothing else is sent',              FAULT,    times(10, 'nothing'),                                   11,            'unclear' ],
    [ 'with 429, and others pass',                       BUSY,     times(20, 'others pass'),                               21,            'retry' ],
  ])('%s', (_what, failure, meanwhile, ownFrom, decision) => {
    const run = failing(failure, meanwhile)
    expect(run.attributed).toEqual(meanwhile.map((_, index) => index + 1 >= ownFrom))
    expect(run.decisions.slice(0, -1)).toEqual(times(meanwhile.length - 1, 'retry'))
    expect(run.decisions.at(-1)).toBe(decision)
  })
})

describe('if a known-good request is accepted after an unclear failure', () => {
  // prettier-ignore
  test.each<[string, Failure, readonly Meanwhile[], number]>([
    //  the line failed                             failure   after each failure                            probes until it is undeliverable
    [ 'with 400, alone',                            BAD,      times(3, 'nothing'),                          3 ],
    [ 'with 400, and twice others passed',          BAD,      ['others pass', 'others pass', 'nothing'],    1 ],
    [ 'with 500, alone',                            FAULT,    times(10, 'nothing'),                         3 ],
    [ 'with 429, and others passed at first',       BUSY,     [...times(5, 'others pass' as const), 'nothing'],      3 ],
  ])('%s', (_what, failure, meanwhile, probes) => {
    const { state } = failing(failure, meanwhile)
    const decisions = times(probes, undefined).map(() => state.decideByProbe())
    expect(decisions).toEqual([...times(probes - 1, 'retry'), 'poison'])
  })
})

describe('a busy endpoint', () => {
  const before = { accepted: 0, failed: 1, begun: 64, newestAccepted: 0 }
  const others = { ...before, failed: 9 }

  test('may delay a line for five minutes, however few its attempts', () => {
    const state = new RetryState(0)
    expect(state.fail(BUSY, 0, before, 0, 240_000)).toBe('retry')
    expect(state.decide(300_000, others)).toBe('retry')
    expect(state.decide(300_001, others)).toBe('outage')
    expect(state.decide(300_001, { ...before, accepted: 9, newestAccepted: 70 })).toBe('retry')
    expect(state.failures).toBe(1)
  })

  test('has not delayed a line while the process was suspended', () => {
    const state = new RetryState(0)
    state.fail(BUSY, 0, before, 0, 0)
    expect(state.decide(23 * 60_000, before)).toBe('retry')
    expect(state.decide(23 * 60_000, others)).toBe('retry')
  })
})

// prettier-ignore
test.each<[string, number, number, RetryDecision]>([
  //  the name does not resolve                        waited ms   no line passed for ms   decision
  [ 'for a minute',                                    60_000,     60_000,                 'retry' ],
  [ 'for longer than a minute, for this line',         60_001,     0,                      'misconfigured' ],
  [ 'for longer than a minute, for all lines',         0,          60_001,                 'misconfigured' ],
])('a name that does not resolve %s', (_what, waitedMs, failingMs, decision) => {
  const history = { accepted: 0, failed: 1, begun: 1, newestAccepted: 0 }
  expect(new RetryState(0).fail(UNRESOLVED, waitedMs, history, failingMs, 0)).toBe(decision)
})

describe('the culprit, by how other lines did since the last failure', () => {
  const answers = (accepted: number, failed: number) => ({ accepted, failed, begun: 0, newestAccepted: 0 })
  // prettier-ignore
  test.each([
    //  what happened                                at its last failure   now                 culprit
    [ 'others pass',                                 answers(900, 9),      answers(1000, 9),   'line' ],
    [ 'no other line was tried',                     answers(12, 9),       answers(12, 9),     undefined ],
    [ 'others fail as well',                         answers(0, 500),      answers(0, 560),    'endpoint' ],
    [ 'the outage began after many had passed',      answers(5000, 300),   answers(5000, 360), 'endpoint' ],
    [ 'half pass, half fail',                        answers(50, 50),      answers(60, 60),    'endpoint' ],
    [ 'most pass, few fail',                         answers(50, 50),      answers(70, 60),    'line' ],
  ])('%s', (_what, before, after, culprit) => {
    expect(culpritOf(before, after)).toBe(culprit)
  })
})
