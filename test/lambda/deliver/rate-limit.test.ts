import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RateLimit, strictRateLimit } from '../../../lambda/deliver/rate-limit.ts'

describe('a rate limit', () => {
  test('spaces attempts evenly', () => {
    const limit = new RateLimit(10, 0)
    expect(limit.waitMs(5_000)).toBeLessThanOrEqual(0)
    limit.take(5_000)
    expect(limit.waitMs(5_000)).toBe(100)
    expect(limit.waitMs(5_070)).toBe(30)
    limit.take(5_100)
    expect(limit.waitMs(5_100)).toBe(100)
  })

  test('does not save up unused attempts', () => {
    const limit = new RateLimit(10, 0)
    limit.take(0)
    limit.take(60_000)
    expect(limit.waitMs(60_000)).toBe(100)
  })

  test('lets an attempt begin a little early, to make up for late timers', () => {
    const limit = new RateLimit(10, 10)
    limit.take(0)
    expect(limit.waitMs(90)).toBe(0)
    limit.take(90)
    expect(limit.waitMs(90)).toBe(100)
  })

  test('a new rate holds from the next attempt on', () => {
    const limit = new RateLimit(Infinity, 0)
    limit.take(0)
    expect(limit.waitMs(0)).toBe(0)
    limit.perSecond = 4
    limit.take(0)
    expect(limit.waitMs(0)).toBe(250)
  })
})

test('a strict rate limit holds in any second, with timers up to 10 ms late and 10 ms between the clock and sending', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.record({ lateMs: fc.nat(10), lagMs: fc.nat(10), idleMs: fc.constantFrom(0, 0, 0, 0, 40, 2_000) }), {
        minLength: 1,
        maxLength: 1_200,
      }),
      (perSecond, attempts) => {
        const limit = strictRateLimit(perSecond)
        const sent: number[] = []
        let now = 1_000
        for (const { lateMs, lagMs, idleMs } of attempts) {
          now += idleMs
          const waitMs = limit.waitMs(now)
          if (waitMs > 0) now += Math.max(1, Math.ceil(waitMs)) + lateMs
          limit.take(now)
          sent.push(Math.max(now + lagMs, sent.at(-1) ?? 0))
        }
        for (const [index, ms] of sent.entries()) {
          const next = sent[index + perSecond]
          if (next !== undefined) expect(next - ms).toBeGreaterThanOrEqual(1_000)
        }
      },
    ),
    { numRuns: 200 },
  )
})
