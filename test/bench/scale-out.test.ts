import { expect, test } from '@jest/globals'
import { secondsWith, type Work } from '../../bench/scale-out.ts'

const work: Work = { segments: 8, split: 1, survey: 2, import: 10 }

test.each([
  ['one does everything, one thing after another', 1, 8 * (1 + 2 + 10)],
  // It is split until 8. The other surveys a segment every two seconds, from 1 on: four of them until 9. The rest of them end at 12 and 13.
  ['two: one surveys while the other splits', 2, 13 + 4 * 10],
  ['more than there are segments: the last survey begins when the last segment is known', 50, 8 + 2 + 10],
])('how long a file takes that several invocations import: %s', (_name, invocations, seconds) => {
  const tolerance = 1 // an invocation that is free later begins its import later
  expect(Math.abs(secondsWith(invocations, work) - seconds)).toBeLessThanOrEqual(tolerance)
})

test('no number of invocations is faster than its share of the work', () => {
  for (let invocations = 1; invocations <= 20; invocations += 1)
    expect(secondsWith(invocations, work) * invocations).toBeGreaterThanOrEqual(secondsWith(1, work))
})
