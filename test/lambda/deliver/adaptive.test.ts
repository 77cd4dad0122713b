import { describe, expect, test } from '@jest/globals'
import { bucket, concurrent, degrading, faulty, perSecond, queueing, stalling, unlimited } from './endpoints.ts'
import { simulate, type Model, type Seen } from './simulation.ts'

interface Figures {
  readonly acceptedPerSecond: number
  readonly refusedShare: number
  /** In flight, at the 5th and the 95th percentile of all attempts: where the window has settled. */
  readonly low: number
  readonly high: number
}

function figuresOf(seen: readonly Seen[], fromMs: number, toMs: number): Figures {
  const between = seen.filter(({ ms }) => ms >= fromMs && ms < toMs)
  const taken = between.filter(({ wasAccepted }) => wasAccepted).length
  const inFlight = between.map((attempt) => attempt.inFlight).toSorted((a, b) => a - b)
  return {
    acceptedPerSecond: taken / ((toMs - fromMs) / 1000),
    refusedShare: (between.length - taken) / between.length,
    low: inFlight[Math.floor(inFlight.length * 0.05)]!,
    high: inFlight[Math.floor(inFlight.length * 0.95)]!,
  }
}

const SEEDS = [1, 2]

describe('it finds what the endpoint takes, and stays there', () => {
  // prettier-ignore
  test.each<[string, () => Model, number, number, number, number, number, readonly [number, number]]>([
    //  the endpoint                                            it                                                seconds  most    it takes   at least   not taken   in flight
    //                                                                                                                             a second   of that    at most
    [ 'is fast, 32 at a time, the others queue',                () => queueing(32, 1),                            1,       64,     32_000,    0.95,      0,          [32, 64] ],
    [ 'is fast, 32 at a time, and far more could be sent',      () => queueing(32, 1),                            1,       512,    32_000,    0.95,      0,          [32, 400] ],
    [ 'is fast, 8 at a time, with a queue that harms nobody',   () => queueing(8, 1),                             2,       64,     8_000,     0.95,      0,          [64, 64] ],
    [ 'is slow, 4 at a time, the others queue',                 () => queueing(4, 100),                           60,      64,     40,        0.95,      0,          [4, 24] ],
    [ 'is slow, however many there are',                        () => unlimited(200),                             20,      64,     320,       0.95,      0,          [64, 64] ],
    [ 'is slow, however many, and many may be sent',            () => unlimited(200),                             8,       512,    2_560,     0.95,      0,          [512, 512] ],
    [ 'takes 100 in each second',                               () => perSecond(100, 20),                         120,     64,     100,       0.9,       0.01,       [1, 4] ],
    [ 'takes 100 in each second, and asks to wait',             () => perSecond(100, 20, '1'),                    120,     64,     100,       0.8,       0.01,       [1, 6] ],
    [ 'takes 100 a second, 10 at once',                         () => bucket(100, 10, 20),                        120,     64,     100,       0.9,       0.01,       [1, 4] ],
    [ 'takes 100 a second, 10 at once, and asks to wait',       () => bucket(100, 10, 20, '1'),                   120,     64,     100,       0.8,       0.01,       [1, 4] ],
    [ 'takes one every 10 ms',                                  () => bucket(100, 1, 20),                         120,     64,     100,       0.9,       0.01,       [1, 4] ],
    [ 'takes 100 a second after the first thousand',            () => bucket(100, 1_000, 20),                     120,     64,     100,       0.9,       0.01,       [1, 4] ],
    [ 'takes 100 a second, slowly',                             () => bucket(100, 20, 200),                       120,     64,     100,       0.9,       0.01,       [16, 24] ],
    [ 'takes 1,000 a second',                                   () => bucket(1_000, 100, 5),                      20,      64,     1_000,     0.9,       0.01,       [3, 8] ],
    [ 'takes 10 in each second',                                () => perSecond(10, 5),                           240,     64,     10,        0.8,       0.015,      [1, 2] ],
    [ 'takes 20 at a time',                                     () => concurrent(20, 50),                         60,      64,     400,       0.9,       0.01,       [16, 20] ],
    [ 'takes 20 at a time, now faster and now slower',          () => concurrent(20, 50, 1),                      60,      64,     400,       0.9,       0.01,       [16, 20] ],
    [ 'takes one at a time',                                    () => concurrent(1, 50),                          60,      64,     20,        0.9,       0.015,      [1, 1] ],
    [ 'becomes slow under load, and refuses more than 40',      () => degrading(() => 40, 30),                    30,      64,     666,       0.9,       0.01,       [30, 40] ],
    [ 'has a fault at 2.5 % and cuts another 2.5 %',            () => faulty(unlimited(20), 0.025, 0.025),        10,      64,     3_200,     0.8,       0.06,       [40, 64] ],
    [ 'has a fault at 2.5 % and cuts another 2.5 %, and is fast', () => faulty(queueing(32, 1), 0.025, 0.025),    1,       64,     13_000,    0.8,       0.06,       [8, 64] ],
    [ 'stalls for 400 ms once in 200, else it is fast',         () => stalling(queueing(32, 1), 0.005, 400),      3,       64,     21_000,    0.9,       0,          [60, 64] ],
    [ 'stalls for 400 ms once in 200',                          () => stalling(unlimited(20), 0.005, 400),        10,      64,     2_920,     0.9,       0,          [60, 64] ],
  ])('an endpoint that %s', async (_what, model, seconds, maxInFlight, ideal, share, refused, [low, high]) => {
    for (const seed of SEEDS) {
      const { seen, outcomes, lines, error } = await simulate(model(), { maxInFlight, forMs: seconds * 1000, seed })
      expect(error).toBeUndefined()
      expect([...outcomes.values()].filter(({ kind }) => kind === 'delivered')).toHaveLength(lines)
      const figures = figuresOf(seen, seconds * 500, seconds * 1000)
      expect(figures.acceptedPerSecond).toBeGreaterThan(share * ideal)
      expect(figures.refusedShare).toBeLessThanOrEqual(refused)
      expect(figures.low).toBeGreaterThanOrEqual(low)
      expect(figures.high).toBeLessThanOrEqual(high)
    }
  })
})

test('at the start it grows by half and more in each round trip', async () => {
  const { seen } = await simulate(unlimited(100), { maxInFlight: 64, forMs: 1_000 })
  const most = (trip: number): number => Math.max(...seen.filter(({ ms }) => ms === trip * 100).map(({ inFlight }) => inFlight))
  expect(most(0)).toBe(8)
  expect(most(1)).toBeGreaterThanOrEqual(12)
  expect(most(2)).toBeGreaterThanOrEqual(1.5 * most(1))
  expect(most(4)).toBe(64)
})

test('an endpoint that has become slow, whatever is sent, is not sent less', async () => {
  const { seen, error } = await simulate(({ ms }) => unlimited(ms < 5_000 ? 20 : 200)(), { maxInFlight: 64, forMs: 30_000 })
  expect(error).toBeUndefined()
  const { acceptedPerSecond, low } = figuresOf(seen, 15_000, 30_000)
  expect(low).toBeGreaterThanOrEqual(56)
  expect(acceptedPerSecond).toBeGreaterThan(0.9 * 320)
})

describe('when half of it fails for a while, and comes back', () => {
  const phases = [
    { capacity: 40, fromMs: 0, toMs: 40_000 },
    { capacity: 20, fromMs: 40_000, toMs: 80_000 },
    { capacity: 40, fromMs: 80_000, toMs: 120_000 },
  ]
  const capacityAt = (ms: number): number => phases.find(({ toMs }) => ms < toMs)?.capacity ?? 40

  // prettier-ignore
  test.each<[string, () => Model, (capacity: number) => number]>([
    //  the endpoint                                  it                                                          it takes a second
    [ 'becomes slow under load',                      () => degrading(capacityAt, 30),                            (capacity) => capacity / 0.06 ],
    [ 'refuses more than its capacity',               () => (arrival) => concurrent(capacityAt(arrival.ms), 50)(arrival), (capacity) => capacity / 0.05 ],
  ])('%s: it gives way within seconds, and comes back', async (_what, model, idealOf) => {
    for (const seed of SEEDS) {
      const { seen, error } = await simulate(model(), { maxInFlight: 64, forMs: 120_000, seed })
      expect(error).toBeUndefined()
      for (const { capacity, fromMs, toMs } of phases) {
        const figures = figuresOf(seen, (fromMs + toMs) / 2, toMs)
        expect(figures.acceptedPerSecond).toBeGreaterThan(0.8 * idealOf(capacity))
        expect(figures.refusedShare).toBeLessThan(0.01)
      }
    }
  })
})
