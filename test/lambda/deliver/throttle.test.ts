import { describe, expect, test } from '@jest/globals'
import { Throttle } from '../../../lambda/deliver/throttle.ts'
import { seeded } from '../../support/seeded.ts'
import { IN_FLIGHT, runScenario, SCENARIOS, shareOfFirst } from './scenarios.ts'

/** A throttle, and an endpoint that answers at once. Attempts begin as fast as the throttle allows, at most 1,000 per second. */
class Course {
  readonly throttle = new Throttle()
  ms = 1_000_000
  readonly #chance = seeded(1)
  #begun = 0

  /** @param accepts whether the endpoint accepts the n-th attempt of a second @returns attempts per second, for each second */
  run(seconds: number, accepts: (nth: number) => boolean): readonly number[] {
    return Array.from({ length: seconds }, () => {
      const begunBefore = this.#begun
      const end = this.ms + 1_000
      for (; this.ms < end; this.ms += 1) {
        if (this.throttle.waitMs(this.ms) > 0) continue
        this.throttle.begin(this.ms, this.#chance())
        this.#begun += 1
        const isAccepted = accepts(this.#begun - begunBefore)
        if (isAccepted) this.throttle.recordAccepted(this.ms)
        else this.throttle.recordRefused(this.ms, false)
      }
      return this.#begun - begunBefore
    })
  }
}

const always = (): boolean => true
const never = (): boolean => false
const first = (count: number) => (nth: number) => nth <= count
const allButEvery = (n: number) => (nth: number) => nth % n !== 0

test('there is no limit until something is refused', () => {
  const course = new Course()
  course.run(5, always)
  expect(course.throttle.perSecond).toBe(Infinity)
})

test('the rate follows what is accepted, and later grows again', () => {
  const course = new Course()
  const rates = course.run(30, first(400))
  expect(rates[0]).toBeGreaterThan(800)
  for (const rate of rates.slice(5)) expect(rate).toBeGreaterThan(0.9 * 400)
  expect(rates.slice(5).reduce((sum, rate) => sum + rate) / 25).toBeLessThan(1.1 * 400)
  expect(course.run(20, always).at(-1)).toBeGreaterThan(900)
})

test('refusals that do not become fewer at a lower rate limit nothing', () => {
  const course = new Course()
  expect(course.run(20, allButEvery(10)).at(-1)).toBe(1_000)
})

test('and a limit that is found beside them is kept', () => {
  const course = new Course()
  course.run(10, allButEvery(10))
  course.run(20, (nth) => nth <= 400 && nth % 10 !== 0)
  expect(course.throttle.perSecond).toBeLessThan(500)
})

test('if nothing is accepted, the rate stays: that is a matter for the circuit breaker', () => {
  const course = new Course()
  course.run(5, never)
  expect(course.throttle.perSecond).toBe(Infinity)
})

test('an unused rate does not grow', () => {
  const course = new Course()
  course.run(4, first(400))
  const rate = course.throttle.perSecond
  expect(rate).toBeLessThan(Infinity)
  course.ms += 10_000
  for (let second = 0; second < 30; second += 1) {
    for (let nth = 0; nth < 20; nth += 1) course.throttle.recordAccepted((course.ms += 50))
  }
  expect(course.throttle.perSecond).toBe(rate)
})

/** A throttle whose rate was reduced to 97 % of this. */
function reducedTo(accepted: number): Course {
  const course = new Course()
  course.run(1, first(accepted))
  course.throttle.recordRefused(course.ms, false) // ends the sample of the first second
  return course
}

test('attempts begin up to 5 % earlier or later than evenly, so two importers do not keep in step', () => {
  const waitAfter = (chance: number): number => {
    const { throttle, ms } = reducedTo(100)
    throttle.begin(ms, chance)
    return throttle.waitMs(ms) * throttle.perSecond
  }
  expect([0, 0.5, 1].map(waitAfter)).toEqual([950, 1_000, 1_050].map((ms) => expect.closeTo(ms)))
})

// prettier-ignore
test.each([
  // accepted, then grows by at first
  [  20, 2 ],
  [  60, 2 ],
  [ 400, 0.25 * Math.sqrt(0.97 * 400) ],
])('an importer of which %i a second are accepted grows at first by %f', (accepted, step) => {
  const { throttle, ms } = reducedTo(accepted)
  const before = throttle.perSecond
  expect(before).toBeLessThan(Infinity)
  for (let at = ms; at < ms + 5_000 && throttle.perSecond === before; at += 1_000 / before) throttle.recordAccepted(at)
  expect(throttle.perSecond - before).toBeCloseTo(step)
})

describe('the delivery finds out what an endpoint accepts, if it', () => {
  test.each(SCENARIOS)('$endpoint', async (scenario) => {
    for (const seed of scenario.ideal > 1_000 ? [1] : [1, 2]) {
      const { run, acceptedPerSecond, refusedShare } = await runScenario(scenario, seed)
      expect(run.error).toBeUndefined()
      expect(run.outcomes.size).toBe(run.lines)
      const undeliverable = [...run.outcomes].filter(([, { kind }]) => kind === 'undeliverable').map(([line]) => line)
      expect(undeliverable.every((line) => line % (scenario.badEvery ?? Infinity) === 0)).toBe(true)
      expect(undeliverable).toHaveLength(Math.floor(run.lines / (scenario.badEvery ?? Infinity)))
      expect(Math.max(...run.seen.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(IN_FLIGHT)
      expect(acceptedPerSecond / scenario.ideal).toBeGreaterThanOrEqual(scenario.share)
      expect(refusedShare).toBeLessThanOrEqual(scenario.refused)
    }
  })
})

// prettier-ignore
test.each([
  //  the second starts after ms
  [ 0 ],
  [ 300 ],
  [ 60_000 ],
])('two importers that share a limit get equal parts, if the second starts %i ms after the first', async (startMs) => {
  for (const seed of [1, 2]) {
    const { share, total } = await shareOfFirst(startMs, seed)
    expect(share).toBeGreaterThan(0.45)
    expect(share).toBeLessThan(0.55)
    expect(total).toBeGreaterThan(90)
  }
})
