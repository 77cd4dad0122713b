import { describe, expect, test } from '@jest/globals'
import { AdaptiveRate } from '../../../../lambda/deliver/throttle/adaptive-rate.ts'

const START = 1_000_000

/** Attempts that begin as early as the rate allows, until `endMs`. @returns how many began */
function useFully(rate: AdaptiveRate, startMs: number, endMs: number): number {
  let begun = 0
  for (let now = startMs; now < endMs; now += 1) {
    if (rate.waitMs(now) > 0) continue
    rate.begin(now)
    rate.recordAccepted(now)
    begun += 1
  }
  return begun
}

/** One attempt every 10 ms for a second, and the next one is throttled. */
function throttledAt100PerSecond(slack = 1): AdaptiveRate {
  const rate = new AdaptiveRate()
  for (let now = START; now < START + 1_000; now += 10) {
    rate.begin(now)
    rate.recordAccepted(now)
  }
  rate.begin(START + 1_000)
  rate.recordThrottled(START + 1_000)
  rate.reduce(START + 1_000, slack)
  return rate
}

test('there is no limit before an attempt is throttled', () => {
  const rate = new AdaptiveRate()
  for (let count = 0; count < 10_000; count += 1) rate.begin(START)
  expect(rate.isLimited).toBe(false)
})

describe('after an attempt was throttled', () => {
  test('the rate is a little less than the measured one', () => {
    const rate = throttledAt100PerSecond()
    expect(rate.isLimited).toBe(true)
    rate.begin(START + 1_001)
    expect(1000 / (rate.waitMs(START + 1_001) + 2)).toBeCloseTo(0.85 * 95, 0) // the measured second begins at a whole slot of 50 ms
  })

  test('a slack of 1.5 leaves room for the case that the rate is not the cause', () => {
    const rate = throttledAt100PerSecond(1.5)
    rate.begin(START + 1_001)
    expect(1000 / (rate.waitMs(START + 1_001) + 2)).toBeGreaterThan(100)
  })

  test('it grows back while it is used, and beyond', () => {
    const rate = throttledAt100PerSecond()
    const seconds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((second) =>
      useFully(rate, START + 1_001 + second * 1000, START + 1_001 + (second + 1) * 1000),
    )
    expect(seconds[0]).toBeLessThan(95)
    expect(seconds[5]).toBeGreaterThanOrEqual(93)
    expect(seconds[10]).toBeGreaterThan(100)
  })

  test('it does not grow while it is not used', () => {
    const rate = throttledAt100PerSecond()
    for (let now = START + 1_001; now < START + 60_000; now += 500) {
      expect(rate.waitMs(now)).toBeLessThanOrEqual(0)
      rate.begin(now)
      rate.recordAccepted(now)
    }
    expect(useFully(rate, START + 60_000, START + 60_100)).toBeLessThanOrEqual(10)
  })

  test('it falls to half at most at once', () => {
    const rate = throttledAt100PerSecond()
    rate.recordThrottled(START + 5_000)
    rate.reduce(START + 5_000, 1)
    rate.begin(START + 5_001)
    expect(1000 / (rate.waitMs(START + 5_001) + 2)).toBeCloseTo(0.85 * 0.5 * 0.85 * 95, 0)
  })
})
