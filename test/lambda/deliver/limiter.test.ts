import { describe, expect, test } from '@jest/globals'
import { Limiter } from '../../../lambda/deliver/limiter.ts'

/** A limiter, and a clock that the test moves. */
class Course {
  ms = 0
  readonly pauses: number[] = []
  opened = 0
  readonly limiter: Limiter
  #sleepers: { readonly at: number; readonly wake: () => void }[] = []

  constructor({ maxInFlight = 64, maxPerSecond = 0 } = {}) {
    const clock = {
      now: () => this.ms,
      chance: () => 0.5,
      sleep: (ms: number, signal: AbortSignal) =>
        new Promise<void>((wake) => {
          this.#sleepers.push({ at: this.ms + ms, wake })
          signal.addEventListener('abort', () => {
            wake()
          })
        }),
    }
    this.limiter = new Limiter(clock, {
      maxInFlight,
      maxPerSecond,
      onPause: (ms) => this.pauses.push(ms),
      onOpen: () => (this.opened += 1),
    })
  }

  /** Begins as many attempts as possible. */
  beginAll(): number[] {
    const attempts: number[] = []
    for (let attempt = this.limiter.tryAcquire(); attempt !== undefined; attempt = this.limiter.tryAcquire())
      attempts.push(attempt)
    return attempts
  }

  /** Opens the circuit: as many attempts fail in a row as it takes. */
  breakDown(): this {
    for (const attempt of this.beginAll()) this.limiter.recordFailure(attempt, 0)
    return this
  }

  async pass(ms: number): Promise<void> {
    this.ms += ms
    const due = this.#sleepers.filter(({ at }) => at <= this.ms)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.ms)
    for (const { wake } of due) wake()
    await now()
  }
}

async function now(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

/** Whether an attempt that was asked for has begun by now. */
async function hasBegun(acquired: Promise<number | undefined>): Promise<boolean> {
  return Promise.race([acquired.then((attempt) => attempt !== undefined), now().then(() => false)])
}

describe('attempts in flight', () => {
  test('are numbered, and never more than the maximum', () => {
    const course = new Course({ maxInFlight: 3 })
    expect(course.beginAll()).toEqual([1, 2, 3])
    expect(course.limiter.isOpen).toBe(false)
  })

  test('each failure in a row takes one away, so that an endpoint that goes down gets no second round', () => {
    const course = new Course()
    const attempts = course.beginAll()
    for (const attempt of attempts.slice(0, 60)) course.limiter.recordFailure(attempt, 0)
    expect(course.beginAll()).toEqual([])
    course.limiter.recordAccepted(attempts[60]!)
    expect(course.beginAll()).toHaveLength(61)
  })

  test('an attempt that is released counts neither as accepted nor as failed', () => {
    const course = new Course({ maxInFlight: 1 })
    course.beginAll()
    course.limiter.release()
    expect(course.limiter.isOpen).toBe(true)
    expect(course.limiter.history).toMatchObject({ accepted: 0, failed: 0 })
  })
})

describe('the queue', () => {
  test('is served in order when a slot is free, before new lines', async () => {
    const course = new Course({ maxInFlight: 1 })
    const [running] = course.beginAll()
    const first = course.limiter.acquire()
    const second = course.limiter.acquire()
    course.limiter.expectNewLine(true)
    course.limiter.recordAccepted(running!)
    expect(await hasBegun(first)).toBe(true)
    expect(await hasBegun(second)).toBe(false)
    expect(course.opened).toBe(0)
    course.limiter.recordAccepted((await first)!)
    course.limiter.recordAccepted((await second)!)
    expect(course.opened).toBe(1)
  })

  test('can be jumped by a known-good probe or a stale socket', async () => {
    const course = new Course({ maxInFlight: 1 })
    const [running] = course.beginAll()
    const waiting = course.limiter.acquire()
    const probe = course.limiter.acquireNext()
    course.limiter.recordAccepted(running!)
    expect(await hasBegun(probe)).toBe(true)
    expect(await hasBegun(waiting)).toBe(false)
  })
})

describe('a pause that the endpoint asks for', () => {
  const MOST = 33

  /** Of 64 attempts, so many are asked to wait, and the others accepted. */
  function ask(course: Course, count: number, ms: number): void {
    const attempts = course.beginAll()
    for (const attempt of attempts.slice(count)) course.limiter.recordAccepted(attempt)
    for (const attempt of attempts.slice(0, count)) course.limiter.recordFailure(attempt, ms)
  }

  test('holds for every line if most answers ask for it, and is reported once', async () => {
    const course = new Course()
    ask(course, MOST, 1_000)
    expect(course.pauses).toEqual([1_000])
    expect(course.limiter.isOpen).toBe(false)
    const waiting = course.limiter.acquire()
    course.limiter.expectNewLine(true)
    await course.pass(999)
    expect(await hasBegun(waiting)).toBe(false)
    await course.pass(1)
    expect(await hasBegun(waiting)).toBe(true)
    await course.pass(10) // the rate
    expect(course.opened).toBe(1)
  })

  test('holds for no other line if half of the answers do not ask for it', () => {
    const course = new Course()
    ask(course, 32, 1_000)
    expect(course.pauses).toEqual([])
    expect(course.limiter.isOpen).toBe(true)
  })

  test('holds for every line if the circuit is open', async () => {
    const course = new Course().breakDown()
    const probe = course.limiter.acquire()
    await course.pass(125)
    course.limiter.recordFailure((await probe)!, 30_000)
    expect(course.pauses).toEqual([30_000])
  })
})

describe('with an open circuit', () => {
  test('one attempt at a time begins, after a backoff', async () => {
    const course = new Course().breakDown()
    expect(course.limiter.isOpen).toBe(false)
    const waiting = [course.limiter.acquire(), course.limiter.acquire()]
    await course.pass(125)
    expect(await hasBegun(waiting[0]!)).toBe(true)
    expect(await hasBegun(waiting[1]!)).toBe(false)
  })

  test('a new line is the better probe: a slot is reserved for it for 50 ms', async () => {
    const course = new Course().breakDown()
    const waiting = course.limiter.acquire()
    course.limiter.expectNewLine(true)
    await course.pass(125)
    expect(course.opened).toBe(1)
    expect(await hasBegun(waiting)).toBe(false)
    await course.pass(50)
    expect(await hasBegun(waiting)).toBe(true)
  })

  test('a known-good probe is needed until a probe is answered, unless a new line waits', () => {
    const course = new Course().breakDown()
    expect(course.limiter.needsKnownGoodProbe).toBe(true)
    course.limiter.expectNewLine(true)
    expect(course.limiter.needsKnownGoodProbe).toBe(false)
  })

  test('an accepted probe closes it', async () => {
    const course = new Course().breakDown()
    const probe = course.limiter.acquire()
    await course.pass(125)
    course.limiter.recordAccepted((await probe)!)
    expect(course.limiter.isHealthy).toBe(true)
    expect(course.beginAll()).toHaveLength(64)
  })

  test('ten failed probes end it', async () => {
    const course = new Course().breakDown()
    for (let probe = 0; probe < 10; probe += 1) {
      expect(course.limiter.hasGivenUp).toBe(false)
      const acquired = course.limiter.acquire()
      await course.pass(20_000)
      course.limiter.recordFailure((await acquired)!, 0)
    }
    expect(course.limiter.hasGivenUp).toBe(true)
    expect(course.limiter.isOpen).toBe(false)
  })
})

test('a failure that its line has caused does not count against the endpoint', () => {
  const course = new Course()
  const attempts = course.beginAll()
  for (const attempt of attempts) course.limiter.recordPoison(attempt)
  expect(course.limiter.isHealthy).toBe(true)
  expect(course.limiter.history).toMatchObject({ accepted: 0, failed: 0 })
  expect(course.beginAll()).toHaveLength(64)
})

test('stopped, it lets no attempt begin, and tells those that wait', async () => {
  const course = new Course({ maxInFlight: 1 })
  course.beginAll()
  const waiting = course.limiter.acquire()
  course.limiter.stop()
  expect(await waiting).toBeUndefined()
  expect(await course.limiter.acquire()).toBeUndefined()
  expect(course.limiter.tryAcquire()).toBeUndefined()
  expect(course.limiter.isOpen).toBe(false)
})
