import { describe, expect, test } from '@jest/globals'
import { SharedLimit } from '../../../lambda/deliver/shared-limit.ts'

const NOW = 1_000_000
const UNTIL = NOW + 15_000

/** When attempts begin that each wait as long as they have to, in milliseconds from `from`. */
function beginTimes(limit: SharedLimit, from: number, count: number): readonly number[] {
  let now = from
  return Array.from({ length: count }, () => {
    now += Math.max(0, limit.waitMs(now))
    limit.take(now)
    return now - from
  })
}

function limitOf(perSecond: number): SharedLimit {
  const limit = new SharedLimit()
  limit.change(perSecond, UNTIL, NOW)
  return limit
}

describe('without a share, an attempt waits for ever', () => {
  // prettier-ignore
  test.each<[string, SharedLimit, number]>([
    //  because                            the limit               at
    [ 'none was ever held',                new SharedLimit(),      NOW ],
    [ 'the others hold everything',        limitOf(0),             NOW ],
    [ 'the share ends at this moment',     limitOf(100),           UNTIL ],
    [ 'the share has ended',               limitOf(100),           UNTIL + 60_000 ],
  ])('%s', (_because, limit, now) => {
    expect(limit.waitMs(now)).toBe(Infinity)
    limit.take(now)
    expect(limit.waitMs(now)).toBe(Infinity)
  })

  test('a share that is left stops the attempts at once', () => {
    const limit = limitOf(100)
    limit.change(0, UNTIL, NOW + 1_000)
    expect(limit.waitMs(NOW + 1_000)).toBe(Infinity)
  })
})

describe('with a share', () => {
  test('attempts begin evenly spaced, the first one too: runs that start together do not all begin with a request', () => {
    const [first = 0, ...others] = beginTimes(limitOf(10), NOW, 12)
    expect(first).toBeGreaterThan(85)
    for (const [index, ms] of others.entries()) expect(ms).toBeGreaterThanOrEqual(100 * (index + 1))
  })

  test.each([1, 7, 100, 900])('of %i a second, no second has more attempts than that', (perSecond) => {
    const times = beginTimes(limitOf(perSecond), NOW, 3 * perSecond)
    for (const [index, ms] of times.entries()) expect((times[index + perSecond] ?? Infinity) - ms).toBeGreaterThanOrEqual(1_000)
  })

  test('a renewed one lasts until its new end', () => {
    const limit = limitOf(100)
    limit.change(100, UNTIL + 10_000, UNTIL - 1_000)
    expect(limit.waitMs(UNTIL + 9_999)).toBeLessThan(Infinity)
    expect(limit.waitMs(UNTIL + 10_000)).toBe(Infinity)
  })

  test('a renewal lets no attempt begin earlier', () => {
    const limit = limitOf(10)
    const [first = 0] = beginTimes(limit, NOW, 1)
    const before = limit.waitMs(NOW + first)
    for (let renewal = 0; renewal < 5; renewal += 1) limit.change(10, UNTIL, NOW + first)
    expect(limit.waitMs(NOW + first)).toBe(before)
  })

  test('another size holds from the next attempt on', () => {
    const limit = limitOf(10)
    limit.change(1, UNTIL, NOW)
    const [first = 0, second = 0] = beginTimes(limit, NOW, 2)
    expect(first).toBeLessThan(103)
    expect(second - first).toBeGreaterThan(1_000)
  })
})
