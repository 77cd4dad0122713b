import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { noAnswer, simulate, status, ACCEPTED, type Model, type Simulation } from './simulation.ts'

const FIRST_WINDOW = 8
const PROBES = 10
/** How many failures of 64 answers are not yet held to be too much for the endpoint; so many more lines may begin meanwhile. */
const UNSUSPICIOUS = 13

const kinds = ({ outcomes }: Simulation): ReadonlySet<string> => new Set([...outcomes.values()].map(({ kind }) => kind))
const notAccepted = ({ seen }: Simulation): number => seen.filter(({ wasAccepted }) => !wasAccepted).length

/** Takes everything but between those times. */
function down(answer: Answer, afterMs: number, fromMs = 0, toMs = Infinity): Model {
  return ({ ms }) => (ms >= fromMs && ms < toMs ? { answer, afterMs } : { answer: ACCEPTED, afterMs: 20 })
}

describe('an endpoint that is down for long ends the delivery after few requests, and is none of the lines’ fault', () => {
  // prettier-ignore
  test.each<[string, Answer, number, number]>([
    //  it                                 answers                              after ms   requests for one line's place in the window
    [ 'does not listen',                   noAnswer('ECONNREFUSED'),             1,         1 ],
    [ 'has a fault',                       status(500),                         20,        1 ],
    [ 'is busy',                           status(503),                         20,        1 ],
    [ 'is busy, and asks to wait',         status(429, '2'),                    20,        1 ],
    [ 'does not answer',                   noAnswer('UND_ERR_HEADERS_TIMEOUT'),  10_000,    1 ],
    [ 'cuts every connection',             noAnswer('ECONNRESET'),               20,        2 ],
    [ 'likes nothing',                     status(400),                         20,        1 ],
  ])('%s', async (_what, answer, afterMs, each) => {
    const cold = await simulate(down(answer, afterMs), { maxInFlight: 64, lines: 10_000 })
    expect(cold.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(cold)).toEqual(new Set())
    expect(cold.seen.length).toBeLessThanOrEqual(each * FIRST_WINDOW + PROBES)

    const running = await simulate(down(answer, afterMs, 5_000), { maxInFlight: 64, lines: 100_000 })
    expect(running.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(running)).toEqual(new Set(['delivered']))
    expect(notAccepted(running)).toBeGreaterThanOrEqual(64)
    expect(notAccepted(running)).toBeLessThanOrEqual(each * (64 + UNSUSPICIOUS) + PROBES)

    const alone = await simulate(down(answer, afterMs), { maxInFlight: 64, lines: 1 })
    expect(alone.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(alone)).toEqual(new Set())
    expect(alone.seen.length).toBeLessThanOrEqual(FIRST_WINDOW + PROBES)
  })

  test('probes go one at a time, and ever more rarely', async () => {
    const { seen } = await simulate(down(status(500), 20), { maxInFlight: 64, lines: 1_000 })
    const probes = seen.slice(FIRST_WINDOW)
    expect(probes).toHaveLength(PROBES)
    expect(probes.map(({ inFlight }) => inFlight)).toEqual(probes.map(() => 1))
    const half = PROBES / 2
    expect(probes[PROBES - 1]!.ms - probes[half]!.ms).toBeGreaterThan(4 * (probes[half]!.ms - probes[0]!.ms))
  })

  test('it does not last longer than its pauses and five minutes', async () => {
    const { error, elapsedMs } = await simulate(down(status(503, '120'), 20), { maxInFlight: 64, lines: 1_000 })
    expect(error).toMatchObject({ name: 'OutageError' })
    expect(elapsedMs).toBeGreaterThan(5 * 60_000)
    expect(elapsedMs).toBeLessThan(8 * 60_000)
  })
})

test('whenever it begins, and however ill the endpoint was before, no line is held to be bad', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ seed: fc.integer(), maxInFlight: fc.integer({ min: 1, max: 64 }) }),
      fc.integer({ min: 0, max: 4_000 }),
      fc.constantFrom(0, 0.01, 0.1),
      fc.constantFrom(status(500), status(503), status(429, '1'), noAnswer('ECONNREFUSED'), noAnswer('ECONNRESET')),
      async (load, fromMs, faults, answer) => {
        const run = await simulate(
          ({ ms, chance }) => ({ answer: ms >= fromMs ? answer : chance() < faults ? status(502) : ACCEPTED, afterMs: 50 }),
          { ...load, lines: 100_000 },
        )
        expect(run.error).toMatchObject({ name: 'OutageError' })
        expect(kinds(run)).not.toContain('undeliverable')
      },
    ),
    { numRuns: 60 },
  )
})

describe('a short outage is waited out', () => {
  test.each([
    ['a fault', status(500)],
    ['a refusal', status(503)],
    ['silence', noAnswer('ECONNREFUSED')],
  ])('%s', async (_what, answer) => {
    const run = await simulate(down(answer, 20, 5_000, 15_000), { maxInFlight: 64, lines: 30_000 })
    expect(run.error).toBeUndefined()
    expect(run.outcomes.size).toBe(30_000)
    expect(kinds(run)).toEqual(new Set(['delivered']))
    expect(notAccepted(run)).toBeLessThanOrEqual(64 + UNSUSPICIOUS + PROBES)
    const back = run.seen.findIndex(({ ms, wasAccepted }) => ms >= 15_000 && wasAccepted)
    const after = run.seen.slice(back)
    expect(Math.max(...after.filter(({ ms }) => ms <= after[0]!.ms + 20).map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(
      FIRST_WINDOW,
    )
    expect(Math.max(...after.map(({ inFlight }) => inFlight))).toBeGreaterThan(40)
  })
})

test('whenever it begins, also at the very end of a drop: a line is delivered, or nothing is known of it', async () => {
  const ends = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.record({ seed: fc.integer(), maxInFlight: fc.integer({ min: 1, max: 64 }), lines: fc.integer({ min: 1, max: 200 }) }),
      fc.integer({ min: 0, max: 600 }),
      fc.constantFrom(status(500), status(429, '1'), noAnswer('ECONNREFUSED')),
      async (load, fromMs, answer) => {
        const run = await simulate(down(answer, 50, fromMs), load)
        ends.add(run.error === undefined ? 'none' : (run.error as Error).name)
        expect(kinds(run)).not.toContain('undeliverable')
        if (run.error === undefined) expect(run.outcomes.size).toBe(load.lines)
      },
    ),
    { numRuns: 200 },
  )
  expect(ends).toEqual(new Set(['none', 'OutageError']))
})

describe('bad lines are told from a bad hour', () => {
  const from = (first: number, last: number): readonly number[] =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index)

  // prettier-ignore
  test.each<[string, number, readonly number[]]>([
    //  they are                                    of lines   bad
    [ 'the last two of three',                      3,         [2, 3] ],
    [ 'the first two',                              30,        [1, 2] ],
    [ 'the last two',                               30,        [29, 30] ],
    [ 'here and there',                             100,       [10, 50, 90] ],
    [ 'here and there and at the end',              1_000,     [100, 500, 900, 999, 1_000] ],
    [ 'a whole window at the start',                1_000,     from(1, 8) ],
    [ 'more than a window at the start',            1_000,     from(1, 12) ],
    [ 'many in a row',                              1_000,     from(400, 430) ],
    [ 'one in twenty',                              3_000,     from(0, 149).map((index) => index * 20 + 7) ],
  ])('%s', async (_what, lines, bad) => {
    for (const seed of [1, 2, 3]) {
      const run = await simulate(({ line }) => ({ answer: bad.includes(line) ? status(400) : ACCEPTED, afterMs: 20 }), {
        maxInFlight: 64,
        lines,
        seed,
      })
      expect(run.error).toBeUndefined()
      const undeliverable = [...run.outcomes].filter(([, { kind }]) => kind === 'undeliverable').map(([line]) => line)
      expect(undeliverable.toSorted((a, b) => a - b)).toEqual(bad)
      expect(run.outcomes.size).toBe(lines)
      for (const line of bad) expect(run.outcomes.get(line)!.attempts).toBeGreaterThanOrEqual(10)
    }
  })

  test('but where all new lines are refused, it is believed of none, though a line that was taken before is taken again', async () => {
    const run = await simulate(({ line }) => ({ answer: line > 990 ? status(400) : ACCEPTED, afterMs: 20 }), {
      maxInFlight: 64,
      lines: 1_000,
    })
    expect(run.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(run)).toEqual(new Set(['delivered']))
  })
})

describe('a socket that went stale while nobody looked', () => {
  const CODES = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

  test.each(CODES)('%s costs its line one attempt, at once, and nobody else anything', async (code) => {
    const state = new Map<number, number>()
    const run = await simulate(
      ({ ms, line }) => {
        const attempt = (state.get(line) ?? 0) + 1
        state.set(line, attempt)
        return { answer: attempt === 1 && ms >= 2_000 && ms < 2_100 ? noAnswer(code) : ACCEPTED, afterMs: 20 }
      },
      { maxInFlight: 64, lines: 10_000 },
    )
    expect(kinds(run)).toEqual(new Set(['delivered']))
    expect(Math.max(...state.values())).toBe(2)
    expect(notAccepted(run)).toBeGreaterThan(64)
    const during = run.seen.filter(({ ms }) => ms >= 2_000 && ms < 2_500)
    expect(during.length).toBeGreaterThan(0.95 * 64 * 25)
    expect(during.at(-1)!.inFlight).toBe(64)
  })

  test('where the second socket is cut as well, it is a failure like any other', async () => {
    const run = await simulate(({ line }) => ({ answer: line === 500 ? noAnswer('ECONNRESET') : ACCEPTED, afterMs: 20 }), {
      maxInFlight: 8,
      lines: 2_000,
    })
    expect(run.outcomes.get(500)).toMatchObject({ kind: 'undeliverable' })
    expect(run.outcomes.size).toBe(2_000)
    const attempts = run.seen.filter(({ line }) => line === 500).length
    expect(attempts).toBeGreaterThan(10)
    expect(attempts).toBeLessThanOrEqual(20)
  })
})
