import { describe, expect, test } from '@jest/globals'
import { ConcurrencyLimit } from '../../../../lambda/deliver/throttle/concurrency-limit.ts'

/** A limit of at most 64, and a clock. */
class Course {
  readonly limit = new ConcurrencyLimit(64)
  #now = 1_000_000

  /** Attempts are accepted every 20 ms for so long, with so many in flight. */
  accept(ms: number, inFlight: number): this {
    for (const end = this.#now + ms; this.#now < end; this.#now += 20) {
      const attempt = { number: 1, at: this.#now, inFlight, accepted: 0, failed: 0 }
      this.limit.recordAccepted(attempt, this.#now + 20, 1)
    }
    return this
  }
}

test('it starts at 8 and grows to the maximum', () => {
  const course = new Course()
  expect(course.limit.limit).toBe(8)
  expect(course.accept(2_000, 64).limit.limit).toBe(64)
})

test('it is never less than 1', () => {
  const { limit } = new Course()
  for (let time = 0; time < 10; time += 1) limit.reduce(1)
  expect(limit.limit).toBe(1)
})

describe('after it was reduced', () => {
  const reduced = (): Course => {
    const course = new Course().accept(2_000, 64)
    course.limit.reduce(40)
    return course
  }

  test('it is half of what was too much', () => {
    expect(reduced().limit.limit).toBe(20)
  })

  test('it does not grow while it is not used, because more is untested', () => {
    expect(reduced().accept(60_000, 3).limit.limit).toBe(20)
  })

  test('it grows to at most twice of what is used', () => {
    expect(reduced().accept(60_000, 20).limit.limit).toBe(40)
  })
})

test('after an outage it starts at 8 again, and does not forget what was too much', () => {
  const course = new Course().accept(2_000, 64)
  course.limit.reduce(40)
  course.limit.restart()
  expect(course.limit.limit).toBe(8)
  expect(course.accept(1_000, 20).limit.limit).toBeLessThan(40)
})
