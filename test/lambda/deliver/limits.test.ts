import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Delivery, OPEN_LINES_PER_SLOT } from '../../../lambda/deliver/delivery.ts'
import { BackPressure } from '../../../lambda/settle/back-pressure.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { unlimited } from './endpoints.ts'
import { noAnswer, simulate, status, ACCEPTED, type Seen } from './simulation.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'
import { roomIn } from '../../support/room-in.ts'

/** The most requests in any second. */
function maxPerSecond(seen: readonly Seen[]): number {
  let first = 0
  return seen.reduce((most, { ms }, last) => {
    while (seen[first]!.ms <= ms - 1000) first += 1
    return Math.max(most, last - first + 1)
  }, 0)
}

// From the best to the worst, so that a run can use only the first few.
const ANSWERS = [
  ACCEPTED,
  ACCEPTED,
  ACCEPTED,
  status(500),
  noAnswer('ECONNRESET'),
  status(429),
  status(503),
  status(429, '1'),
  status(414),
  noAnswer('UND_ERR_HEADERS_TIMEOUT'),
  noAnswer('ENOTFOUND'),
  status(400),
  status(404),
]

test('whatever the endpoint answers, every line ends exactly once or the delivery ends with an error, and no limit is exceeded', async () => {
  const ends = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.integer(),
        lines: fc.integer({ min: 1, max: 200 }),
        maxInFlight: fc.integer({ min: 1, max: 64 }),
        maxLinesPerSecond: fc.constantFrom(0, 0, 1, 13, 250, 4_000),
        worst: fc.integer({ min: 0, max: ANSWERS.length - 1 }),
        slowestMs: fc.constantFrom(0, 1, 30, 2_000),
      }),
      async ({ worst, slowestMs, ...load }) => {
        const run = await simulate(
          ({ chance }) => ({
            answer: ANSWERS[Math.floor(chance() * (worst + 1))]!,
            afterMs: Math.floor(chance() * (slowestMs + 1)),
          }),
          load,
        )
        ends.add(run.error === undefined ? 'none' : (run.error as Error).name)
        if (run.error === undefined) expect(run.outcomes.size).toBe(load.lines)
        else expect(['OutageError', 'SetupError']).toContain((run.error as Error).name)
        expect(Math.max(...run.seen.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(load.maxInFlight)
        expect(run.mostOpen).toBeLessThanOrEqual(OPEN_LINES_PER_SLOT * load.maxInFlight)
        if (load.maxLinesPerSecond > 0) expect(maxPerSecond(run.seen)).toBeLessThanOrEqual(load.maxLinesPerSecond)
      },
    ),
    { numRuns: 300 },
  )
  expect(ends).toEqual(new Set(['none', 'OutageError', 'SetupError']))
})

describe('the limit of lines per second holds in any second, and is used', () => {
  // prettier-ignore
  test.each([
    //  per second for seconds   answered after ms
    [ 1,           60,           20 ],
    [ 7,           30,           20 ],
    [ 100,         10,           20 ],
    [ 100,         10,           400 ],
    [ 1_000,       4,            1 ],
    [ 20_000,      1,            1 ],
  ])('%i per second', async (maxLinesPerSecond, seconds, latencyMs) => {
    const { seen } = await simulate(unlimited(latencyMs), { maxInFlight: 64, maxLinesPerSecond, forMs: seconds * 1000 })
    expect(maxPerSecond(seen)).toBeLessThanOrEqual(maxLinesPerSecond)
    expect(seen.length).toBeGreaterThanOrEqual(Math.floor(0.9 * maxLinesPerSecond * seconds))
  })

  test('retries count as well', async () => {
    const { seen, outcomes } = await simulate(({ chance }) => ({ answer: chance() < 0.3 ? status(500) : ACCEPTED, afterMs: 5 }), {
      maxInFlight: 64,
      maxLinesPerSecond: 100,
      lines: 500,
    })
    expect(outcomes.size).toBe(500)
    expect(seen.length).toBeGreaterThan(600)
    expect(maxPerSecond(seen)).toBeLessThanOrEqual(100)
  })

  test('one timer serves many lines that wait', async () => {
    const clock = new VirtualClock()
    let sleeps = 0
    const counting = {
      now: () => clock.now(),
      chance: () => 0.5,
      sleep: (ms: number, signal: AbortSignal) => {
        sleeps += 1
        return clock.sleep(ms, signal)
      },
    }
    const backPressure = new BackPressure()
    const delivery = new Delivery(
      promisedEndpoint(() => Promise.resolve(ACCEPTED)),
      counting,
      backPressure,
      {
        maxInFlight: 64,
        maxLinesPerSecond: 10_000,
      },
    )
    let delivered = 0
    for (let line = 0; line < 5_000; line += 1) {
      if (!backPressure.hasRoom) await roomIn(backPressure)
      delivery.send([{ method: 'GET', path: '/e' }], () => (delivered += 1))
    }
    await delivery.drain()
    expect(delivered).toBe(5_000)
    expect(sleeps).toBeLessThan(1_000)
  })
})
