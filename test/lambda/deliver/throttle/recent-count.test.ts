import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RecentCount } from '../../../../lambda/deliver/throttle/recent-count.ts'

test('a count is dropped after one second', () => {
  const count = new RecentCount()
  count.add(3, 10_000)
  count.add(2, 10_500)
  expect(count.total(10_999)).toBe(5)
  expect(count.total(11_000)).toBe(2)
  expect(count.total(11_500)).toBe(0)
})

test('a negative count takes back what was added', () => {
  const count = new RecentCount()
  count.add(1, 0)
  count.add(1, 10)
  count.add(-1, 20)
  expect(count.total(30)).toBe(1)
})

test('the total is that of the last second, to within one slot of 50 ms', () => {
  const steps = fc.array(fc.record({ ms: fc.nat(3_000), count: fc.integer({ min: -3, max: 9 }) }), { maxLength: 50 })
  fc.assert(
    fc.property(steps, (program) => {
      const recent = new RecentCount()
      const added: { at: number; count: number }[] = []
      let now = 1_000_000
      for (const { ms, count } of program) {
        now += ms
        recent.add(count, now)
        added.push({ at: now, count })
        const firstSlot = Math.floor(now / 50) - 19
        const expected = added.reduce((sum, one) => sum + (Math.floor(one.at / 50) >= firstSlot ? one.count : 0), 0)
        expect(recent.total(now)).toBe(expected)
      }
    }),
  )
})
