import { describe, expect, test } from '@jest/globals'
import type { Attempt, AttemptResult } from '../../../lambda/deliver/attempt.ts'
import { Throttle } from '../../../lambda/deliver/throttle.ts'

const NOW = 1_000_000

/** A throttle, and as many attempts in flight as it allows. */
class Course {
  readonly throttle = new Throttle(64, 0)
  #next = 1

  begin(inFlight: number): Attempt {
    this.throttle.begin(NOW)
    return { number: this.#next++, at: NOW, inFlight, accepted: 0, failed: 0 }
  }

  answer(result: AttemptResult, attempt: Attempt): void {
    this.throttle.record(result, attempt, NOW + 20, this.#next)
  }

  /** All attempts are accepted until the limit is reached. */
  growTo(limit: number): this {
    while (this.throttle.limit < limit) this.answer('accepted', this.begin(this.throttle.limit))
    return this
  }

  /** Attempts at the same time, with `from` to `to` in flight, all with the same result. */
  burst(result: AttemptResult, from: number, to: number): void {
    const attempts = Array.from({ length: to - from + 1 }, (_, index) => this.begin(from + index))
    for (const attempt of attempts) this.answer(result, attempt)
  }
}

describe('throttled attempts with more in flight than any that was accepted', () => {
  test('halve the limit once, however many they are', () => {
    const course = new Course().growTo(32)
    course.burst('throttled', 32, 40)
    expect(course.throttle.limit).toBe(16)
    course.burst('throttled', 10, 16)
    expect(course.throttle.limit).toBe(16) // nothing was accepted in between: one incident, not two
  })

  test('halve it again if they began after it was reduced', () => {
    const course = new Course().growTo(32)
    course.burst('throttled', 32, 40)
    for (let time = 1; time <= 2; time += 1) {
      course.answer('accepted', course.begin(2))
      course.burst('throttled', 16, 16)
    }
    expect(course.throttle.limit).toBe(8)
  })

  test('do not count if they began before it was reduced', () => {
    const course = new Course().growTo(32)
    const late = course.begin(32)
    course.burst('throttled', 32, 40)
    course.answer('accepted', course.begin(16))
    course.answer('throttled', late)
    expect(course.throttle.limit).toBe(16)
  })
})

test('a throttled attempt with no more in flight than accepted ones limits the rate; if that does not help, the concurrency', () => {
  const course = new Course().growTo(32)
  expect(course.throttle.isTimed).toBe(false)
  course.burst('throttled', 20, 20)
  expect(course.throttle.limit).toBe(32)
  expect(course.throttle.isTimed).toBe(true)
  course.answer('accepted', course.begin(20))
  course.burst('throttled', 20, 20)
  expect(course.throttle.limit).toBe(10)
})

describe('failures', () => {
  // prettier-ignore
  test.each([
    //  failures of 64   limit afterwards
    [ 3,                 64 ],
    [ 12,                64 ],
    [ 13,                32 ],
    [ 40,                32 ],
  ])('%i of 64 leave a limit of %i', (failures, limit) => {
    const course = new Course().growTo(64)
    course.burst('accepted', 1, 8) // completes the sample that growing has begun
    course.burst('failed', 64, 64 + failures - 1)
    expect(course.throttle.limit).toBe(limit)
  })
})

test('after an outage it restarts with few attempts in flight', () => {
  const course = new Course().growTo(64)
  course.throttle.restart()
  expect(course.throttle.limit).toBe(8)
})

test('the limit of the user holds from the start', () => {
  const throttle = new Throttle(64, 10)
  expect(throttle.isTimed).toBe(true)
  expect(throttle.waitMs(NOW)).toBeLessThanOrEqual(0)
  throttle.begin(NOW)
  expect(throttle.waitMs(NOW)).toBeGreaterThan(90)
})
