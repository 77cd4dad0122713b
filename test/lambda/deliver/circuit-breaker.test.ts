import { describe, expect, test } from '@jest/globals'
import { CircuitBreaker } from '../../../lambda/deliver/circuit-breaker.ts'

const START = 1_000_000

/** A circuit breaker that so many failures in a row are reported to, one each 100 ms, with full backoff. */
class Course {
  readonly breaker: CircuitBreaker
  now = START
  #begun = 0

  constructor(maxInFlight = 8) {
    this.breaker = new CircuitBreaker(maxInFlight)
  }

  /** Attempts that were all in flight together fail. */
  fail(count: number): this {
    const first = this.#begun + 1
    this.#begun += count
    for (let number = first; number < first + count; number += 1) this.#record(number)
    return this
  }

  /** One attempt at a time begins when the breaker allows it, and fails. */
  failProbes(count: number): this {
    for (let probe = 0; probe < count; probe += 1) {
      this.now = Math.max(this.now, this.breaker.probeAt)
      this.#begun += 1
      this.#record(this.#begun)
    }
    return this
  }

  #record(number: number): void {
    this.now += 100
    this.breaker.recordFailure(number, this.#begun + 1, this.now, 0.999)
  }
}

describe('it opens', () => {
  // prettier-ignore
  test.each([
    //  attempts in flight  opens after failures in a row
    [ 1,                    8 ],
    [ 8,                    8 ],
    [ 64,                   64 ],
  ])('with %i attempts in flight, after %i failures in a row', (maxInFlight, failures) => {
    const course = new Course(maxInFlight).fail(failures - 1)
    expect(course.breaker.isOpen).toBe(false)
    course.fail(1)
    expect(course.breaker.isOpen).toBe(true)
    expect(course.breaker.isUnprobed).toBe(true)
  })

  test('but not if an attempt is accepted in between', () => {
    const course = new Course().fail(7)
    course.breaker.recordSuccess()
    expect(course.breaker.failures).toBe(0)
    expect(course.fail(7).breaker.isOpen).toBe(false)
  })
})

describe('while it is open', () => {
  test('failures of attempts that were in flight before are not probes', () => {
    const course = new Course()
    for (let number = 1; number <= 20; number += 1) course.breaker.recordFailure(number, 21, START, 0.5)
    expect(course.breaker.isUnprobed).toBe(true)
    course.breaker.recordFailure(21, 22, START, 0.5)
    expect(course.breaker.isUnprobed).toBe(false)
  })

  test('the wait before each probe doubles', () => {
    const course = new Course().fail(8)
    const waits: number[] = []
    for (let probe = 0; probe < 9; probe += 1) {
      waits.push(Math.round((course.breaker.probeAt - course.now) / 0.999))
      course.failProbes(1)
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
  })

  test('the first accepted attempt closes it', () => {
    const course = new Course().fail(8).failProbes(3)
    course.breaker.recordSuccess()
    expect(course.breaker.isOpen).toBe(false)
    expect(course.breaker.failingMs(course.now)).toBe(0)
    expect(course.fail(7).breaker.isOpen).toBe(false)
  })
})

describe('it gives up', () => {
  test('after ten failed probes', () => {
    const course = new Course().fail(8).failProbes(9)
    expect(course.breaker.hasGivenUp(course.now)).toBe(false)
    course.failProbes(1)
    expect(course.breaker.hasGivenUp(course.now)).toBe(true)
  })

  test('after five minutes, but not before a probe has failed', () => {
    const course = new Course().fail(8)
    const later = START + 100 + 5 * 60_000 + 1
    expect(course.breaker.failingMs(later)).toBe(5 * 60_000 + 1)
    expect(course.breaker.hasGivenUp(later)).toBe(false)
    course.failProbes(1)
    expect(course.breaker.hasGivenUp(later - 1)).toBe(false)
    expect(course.breaker.hasGivenUp(later)).toBe(true)
  })
})
