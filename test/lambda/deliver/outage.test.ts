import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { noAnswer, simulate, status, ACCEPTED, type Model, type Simulation } from './simulation.ts'

const IN_FLIGHT = 64
const PROBES = 10

const kinds = ({ outcomes }: Simulation): ReadonlySet<string> => new Set([...outcomes.values()].map(({ kind }) => kind))
const notAccepted = ({ seen }: Simulation): number => seen.filter(({ wasAccepted }) => !wasAccepted).length

/** Accepts everything except between those times. */
function down(answer: Answer, afterMs: number, fromMs = 0, toMs = Infinity): Model {
  return ({ ms }) => (ms >= fromMs && ms < toMs ? { answer, afterMs } : { answer: ACCEPTED, afterMs: 20 })
}

describe('a long outage ends the delivery after few requests, and no line becomes undeliverable', () => {
  // prettier-ignore
  test.each<[string, Answer, number, number]>([
    //  it                                 answers                              after ms   requests for each line in flight
    [ 'refuses connections',                 noAnswer('ECONNREFUSED'),             1,         1 ],
    [ 'answers 500',                       status(500),                         20,        1 ],
    [ 'is busy',                           status(503),                         20,        1 ],
    [ 'is busy, and sends Retry-After',         status(429, '2'),                    20,        1 ],
    [ 'does not answer',                   noAnswer('UND_ERR_HEADERS_TIMEOUT'),  10_000,    1 ],
    [ 'cuts every connection',             noAnswer('ECONNRESET'),               20,        2 ],
    [ 'answers 400',                     status(400),                         20,        1 ],
  ])('%s', async (_what, answer, afterMs, each) => {
    const cold = await simulate(down(answer, afterMs), { maxInFlight: 64, lines: 10_000 })
    expect(cold.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(cold)).toEqual(new Set())
    expect(cold.seen.length).toBeLessThanOrEqual(each * IN_FLIGHT + PROBES)

    const running = await simulate(down(answer, afterMs, 5_000), { maxInFlight: 64, lines: 100_000 })
    expect(running.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(running)).toEqual(new Set(['delivered']))
    expect(notAccepted(running)).toBeGreaterThanOrEqual(64)
    expect(notAccepted(running)).toBeLessThanOrEqual(each * IN_FLIGHT + PROBES)

    const alone = await simulate(down(answer, afterMs), { maxInFlight: 64, lines: 1 })
    expect(alone.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(alone)).toEqual(new Set())
    expect(alone.seen.length).toBeLessThanOrEqual(4 * PROBES)
  })

  test('probes are sent one at a time, with growing waits', async () => {
    const { seen } = await simulate(down(status(500), 20), { maxInFlight: 64, lines: 1_000 })
    const probes = seen.slice(IN_FLIGHT)
    expect(probes).toHaveLength(PROBES)
    expect(probes.map(({ inFlight }) => inFlight)).toEqual(probes.map(() => 1))
    const half = PROBES / 2
    expect(probes[PROBES - 1]!.ms - probes[half]!.ms).toBeGreaterThan(4 * (probes[half]!.ms - probes[0]!.ms))
  })

  test('the delivery ends after five minutes and the pauses that the endpoint asked for', async () => {
    const { error, elapsedMs } = await simulate(down(status(503, '120'), 20), { maxInFlight: 64, lines: 1_000 })
    expect(error).toMatchObject({ name: 'OutageError' })
    expect(elapsedMs).toBeGreaterThan(5 * 60_000)
    expect(elapsedMs).toBeLessThan(8 * 60_000)
  })
})

test('whenever an outage begins, and however unreliable the endpoint was before, no line becomes undeliverable', async () => {
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

describe('the delivery waits for the end of a short outage', () => {
  test.each([
    ['server errors', status(500)],
    ['busy', status(503)],
    ['connections refused', noAnswer('ECONNREFUSED')],
  ])('%s', async (_what, answer) => {
    const run = await simulate(down(answer, 20, 5_000, 15_000), { maxInFlight: 64, lines: 30_000 })
    expect(run.error).toBeUndefined()
    expect(run.outcomes.size).toBe(30_000)
    expect(kinds(run)).toEqual(new Set(['delivered']))
    expect(notAccepted(run)).toBeLessThanOrEqual(IN_FLIGHT + PROBES)
    const after = run.seen.filter(({ ms }) => ms >= 15_000)
    expect(Math.max(...after.map(({ inFlight }) => inFlight))).toBe(IN_FLIGHT)
  })
})

test('whenever an outage begins, even at the end of a file, a line is delivered or its outcome is unknown', async () => {
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

describe('bad lines are not mistaken for an outage', () => {
  const from = (first: number, last: number): readonly number[] =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index)

  // prettier-ignore
  test.each<[string, number, readonly number[]]>([
    //  bad lines                                   of lines   numbers
    [ 'the last two of three',                      3,         [2, 3] ],
    [ 'the first two',                              30,        [1, 2] ],
    [ 'the last two',                               30,        [29, 30] ],
    [ 'here and there',                             100,       [10, 50, 90] ],
    [ 'here and there and at the end',              1_000,     [100, 500, 900, 999, 1_000] ],
    [ 'as many as in flight, at the start',                1_000,     from(1, 64) ],
    [ 'more than in flight, at the start',            1_000,     from(1, 70) ],
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
      for (const line of bad) expect(run.outcomes.get(line)!.attempts).toBeGreaterThanOrEqual(3)
    }
  })

  test('if all new lines fail it is an outage, even if a known-good request is accepted again', async () => {
    const run = await simulate(({ line }) => ({ answer: line > 990 ? status(400) : ACCEPTED, afterMs: 20 }), {
      maxInFlight: 64,
      lines: 1_000,
    })
    expect(run.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(run)).toEqual(new Set(['delivered']))
  })
})

describe('a stale socket', () => {
  const CODES = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

  test.each(CODES)('%s costs its line one more attempt, at once, and no other line anything', async (code) => {
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

  test('if the second socket is cut as well, it is a failure like any other', async () => {
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
