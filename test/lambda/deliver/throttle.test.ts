import { describe, expect, test } from '@jest/globals'
import { RecoveryCurve } from '../../../lambda/deliver/throttle/recovery-curve.ts'
import type { Attempt, Sign } from '../../../lambda/deliver/attempt.ts'
import { Throttle } from '../../../lambda/deliver/throttle.ts'
import { ConcurrencyLimit } from '../../../lambda/deliver/throttle/concurrency-limit.ts'

const NOW = 1_000_000

/** A pace, with as many attempts in flight as it allows. */
class Course {
  readonly throttle = new Throttle(64, 0)
  #next = 1

  begin(inFlight: number): Attempt {
    this.throttle.begin(NOW)
    return { number: this.#next++, at: NOW, inFlight, taken: 0, failed: 0 }
  }

  answer(sign: Sign, attempt: Attempt): void {
    this.throttle.answered(sign, attempt, NOW + 20, this.#next)
  }

  /** Everything is taken, until the window is as large as that. */
  growTo(limit: number): this {
    while (this.throttle.limit < limit) this.answer('taken', this.begin(this.throttle.limit))
    return this
  }

  /** So many at once, each with one more beside it than the one before, and all with the same end. */
  burst(sign: Sign, from: number, to: number): void {
    const attempts = Array.from({ length: to - from + 1 }, (_, index) => this.begin(from + index))
    for (const attempt of attempts) this.answer(sign, attempt)
  }
}

describe('how many may be in flight', () => {
  test('a window beyond what was ever taken is halved once, however many of it are refused', () => {
    const course = new Course().growTo(32)
    course.burst('refused', 32, 40)
    expect(course.throttle.limit).toBe(16)
    course.burst('refused', 10, 16)
    expect(course.throttle.limit).toBe(16) // nothing was taken since: one bad time, not two
  })

  test('it is halved again where what began after the cut is refused again', () => {
    const course = new Course().growTo(32)
    course.burst('refused', 32, 40)
    for (let time = 1; time <= 2; time += 1) {
      course.answer('taken', course.begin(2))
      course.burst('refused', 16, 16)
    }
    expect(course.throttle.limit).toBe(8)
  })

  test('what was begun before a cut and comes back late is part of what was cut for', () => {
    const course = new Course().growTo(32)
    const late = course.begin(32)
    course.burst('refused', 32, 40)
    course.answer('taken', course.begin(16))
    course.answer('refused', late)
    expect(course.throttle.limit).toBe(16)
  })

  test('refused with no more beside it than others that were taken, it is the rate; soon refused again, it was not', () => {
    const course = new Course().growTo(32)
    expect(course.throttle.isTimed).toBe(false)
    course.burst('refused', 20, 20)
    expect(course.throttle.limit).toBe(32)
    expect(course.throttle.isTimed).toBe(true)
    course.answer('taken', course.begin(20))
    course.burst('refused', 20, 20)
    expect(course.throttle.limit).toBe(10)
  })

  // prettier-ignore
  test.each([
    //  failures of 64   left of 64
    [ 3,                 64 ],
    [ 12,                64 ],
    [ 13,                32 ],
    [ 40,                32 ],
  ])('%i faults of 64 leave %i', (failures, left) => {
    const course = new Course().growTo(64)
    course.burst('taken', 1, 8) // with those that it took to grow, a whole sample
    course.burst('failed', 64, 64 + failures - 1)
    expect(course.throttle.limit).toBe(left)
  })

  test('after an outage it begins small', () => {
    const course = new Course().growTo(64)
    course.throttle.reopen()
    expect(course.throttle.limit).toBe(8)
  })
})

test('a window that is not made use of does not grow: what nobody tried, nobody allowed', () => {
  const window = new ConcurrencyLimit(64)
  let now = NOW
  const takeFor = (ms: number, inFlight: number): void => {
    for (const end = now + ms; now < end; now += 20) {
      window.taken({ number: 1, at: now, inFlight, taken: 0, failed: 0 }, now + 20, 1)
    }
  }
  takeFor(2_000, 64)
  expect(window.limit).toBe(64)
  window.cut(40)
  expect(window.limit).toBe(20)
  takeFor(60_000, 3)
  expect(window.limit).toBe(20)
  takeFor(60_000, 20)
  expect(window.limit).toBe(40) // twice what was made use of
})

describe('the way back to a height that was refused', () => {
  const after = (curve: RecoveryCurve, ms: number): number => {
    for (let passed = 0; passed < ms; passed += 50) curve.advance(50)
    return curve.height
  }

  test('is fast, then gentle, and past it ever faster', () => {
    const curve = new RecoveryCurve(0.5)
    expect(curve.height).toBe(Infinity)
    curve.refuse(100)
    const heights = [0, 1_000, 1_500, 2_500, 2_500, 2_500].map((ms) => Math.round(after(curve, ms)))
    expect(heights).toEqual([50, 74, 94, 100, 106, 165])
  })

  test('a height that is known is given up by less, and tried again more rarely', () => {
    const curve = new RecoveryCurve(0.5)
    curve.refuse(100)
    const heights = [after(curve, 0)]
    for (const ms of [6_000, 11_000]) {
      after(curve, ms)
      curve.refuse(102)
      heights.push(Math.round(curve.height))
    }
    expect(heights).toEqual([50, 77, 89])
    expect(after(curve, 10_000)).toBeLessThan(102)
  })

  test('a refusal far from it, or long before it, is a surprise', () => {
    const curve = new RecoveryCurve(0.5)
    curve.refuse(100)
    after(curve, 6_000)
    curve.refuse(60)
    expect(curve.height).toBe(30)
    curve.refuse(55)
    expect(curve.height).toBe(27.5)
  })

  test('time without answers does not count', () => {
    const curve = new RecoveryCurve(0.5)
    curve.refuse(100)
    curve.advance(3_600_000)
    expect(curve.height).toBeLessThan(60)
  })
})
