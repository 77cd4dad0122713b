import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { AttemptWatch, type Watched } from '../../../lambda/adapters/attempt-watch.ts'

const TIMEOUT_MS = 20_000
/** It looks twenty times in a timeout, so an attempt ends at most this much late. */
const LOOK_MS = TIMEOUT_MS / 20

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

/** An attempt that ends without an answer when it expires, as an aborted request does. */
class Attempt implements Watched {
  older: Watched | undefined
  newer: Watched | undefined
  since: number | undefined
  /** When it expired, by `performance.now`. */
  readonly expiredAt: number[] = []
  readonly #watch: AttemptWatch
  readonly #endsWhenExpired: boolean

  constructor(watch: AttemptWatch, endsWhenExpired = true) {
    this.#watch = watch
    this.#endsWhenExpired = endsWhenExpired
  }

  expire(): void {
    this.expiredAt.push(performance.now())
    if (this.#endsWhenExpired) this.#watch.end(this, undefined)
  }
}

describe('an attempt', () => {
  test('that takes too long expires once, a twentieth of the timeout late at most', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    const attempt = new Attempt(watch)
    jest.advanceTimersByTime(300)
    watch.add(attempt)
    const start = performance.now()
    jest.advanceTimersByTime(TIMEOUT_MS - 1)
    expect(attempt.expiredAt).toEqual([])
    jest.advanceTimersByTime(10 * TIMEOUT_MS)
    expect(attempt.expiredAt).toHaveLength(1)
    const [expiredAt = 0] = attempt.expiredAt
    expect(expiredAt - start).toBeGreaterThanOrEqual(TIMEOUT_MS)
    expect(expiredAt - start).toBeLessThanOrEqual(TIMEOUT_MS + LOOK_MS)
  })

  test('that has ended does not expire', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    const attempt = new Attempt(watch)
    watch.add(attempt)
    watch.end(attempt, 200)
    jest.advanceTimersByTime(2 * TIMEOUT_MS)
    expect(attempt.expiredAt).toEqual([])
  })

  test('that starts again on another connection is counted once, and its time begins again', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    const attempt = new Attempt(watch)
    watch.add(attempt)
    jest.advanceTimersByTime(TIMEOUT_MS - LOOK_MS)
    watch.add(attempt)
    expect(watch.takeFigures().inFlight).toBe(1)
    jest.advanceTimersByTime(TIMEOUT_MS - LOOK_MS)
    expect(attempt.expiredAt).toEqual([])
    jest.advanceTimersByTime(2 * LOOK_MS)
    expect(attempt.expiredAt).toHaveLength(1)
  })

  test('that does not end when it expires is asked again', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    const attempt = new Attempt(watch, false)
    watch.add(attempt)
    jest.advanceTimersByTime(TIMEOUT_MS + 3 * LOOK_MS)
    expect(attempt.expiredAt.length).toBeGreaterThan(1)
    expect(watch.takeFigures().inFlight).toBe(1)
  })

  test('of many that expire together is not forgotten: each ends, although all leave the list meanwhile', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    const attempts = Array.from({ length: 50 }, () => new Attempt(watch))
    for (const attempt of attempts) watch.add(attempt)
    jest.advanceTimersByTime(TIMEOUT_MS + LOOK_MS)
    expect(attempts.map(({ expiredAt }) => expiredAt.length)).toEqual(attempts.map(() => 1))
    expect(watch.takeFigures()).toMatchObject({ attempts: 50, errors: 50, inFlight: 0 })
  })
})

describe('the figures', () => {
  test('have the attempts that have ended since the last call, their durations, and how many are in flight', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    const [first, second, third] = [new Attempt(watch), new Attempt(watch), new Attempt(watch)]
    watch.add(first)
    jest.advanceTimersByTime(30)
    watch.add(second)
    watch.add(third)
    jest.advanceTimersByTime(12)
    watch.end(second, 503)
    watch.end(first, 200)
    expect(watch.takeFigures()).toEqual({ attempts: 2, busy: 1, errors: 0, milliseconds: [12, 42], inFlight: 1 })
    expect(watch.takeFigures()).toEqual({ attempts: 0, busy: 0, errors: 0, milliseconds: [], inFlight: 1 })
  })

  test('count an attempt that never reached a connection as an error, without a duration', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    watch.end(new Attempt(watch), undefined)
    expect(watch.takeFigures()).toEqual({ attempts: 1, busy: 0, errors: 1, milliseconds: [], inFlight: 0 })
  })
})

describe('the timer', () => {
  test('is one for all attempts, and ends when nothing is in flight', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    expect(jest.getTimerCount()).toBe(0)
    const attempts = Array.from({ length: 10 }, () => new Attempt(watch))
    for (const attempt of attempts) watch.add(attempt)
    expect(jest.getTimerCount()).toBe(1)
    for (const attempt of attempts) watch.end(attempt, 200)
    jest.advanceTimersByTime(LOOK_MS)
    expect(jest.getTimerCount()).toBe(0)
  })

  test('begins again with the next attempt', () => {
    const watch = new AttemptWatch(TIMEOUT_MS)
    const [first, second] = [new Attempt(watch), new Attempt(watch)]
    watch.add(first)
    watch.end(first, 200)
    jest.advanceTimersByTime(2 * LOOK_MS)
    watch.add(second)
    jest.advanceTimersByTime(TIMEOUT_MS + LOOK_MS)
    expect(second.expiredAt).toHaveLength(1)
  })
})

interface Step {
  readonly attempt: number
  readonly act: 'add' | 'end'
  readonly waitMs: number
}

const steps = fc.array(
  fc.record({
    attempt: fc.nat(5),
    act: fc.constantFrom<Step['act'][]>('add', 'add', 'end'),
    waitMs: fc.nat(LOOK_MS * 8),
  }),
  { maxLength: 40 },
)

test('whatever is added and ended in whatever order: in flight are those that were started, and each expires in its time', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const watch = new AttemptWatch(TIMEOUT_MS)
      const attempts = Array.from({ length: 6 }, () => new Attempt(watch))
      const startedAt = new Map<Attempt, number>()
      for (const { attempt: index, act, waitMs } of all) {
        const attempt = attempts[index]!
        if (act === 'add') {
          watch.add(attempt)
          startedAt.set(attempt, performance.now())
        } else {
          watch.end(attempt, 200)
          startedAt.delete(attempt)
        }
        jest.advanceTimersByTime(waitMs)
        for (const [started, since] of startedAt) {
          const [expiredAt] = started.expiredAt.splice(0)
          if (expiredAt === undefined) expect(performance.now() - since).toBeLessThan(TIMEOUT_MS + LOOK_MS)
          else {
            expect(expiredAt - since).toBeGreaterThanOrEqual(TIMEOUT_MS)
            startedAt.delete(started)
          }
        }
        expect(watch.takeFigures().inFlight).toBe(startedAt.size)
      }
      jest.advanceTimersByTime(TIMEOUT_MS + LOOK_MS)
      expect(watch.takeFigures().inFlight).toBe(0)
    }),
  )
})
