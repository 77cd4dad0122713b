import type { Attempt, Sign } from './attempt.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { AnswerCounts } from './blame.ts'
import { Throttle } from './throttle.ts'
import type { Clock } from '../ports.ts'

/** How long a probe is kept for a line that was never tried: those that wait may all be bad ones, which nobody would take. */
const RESERVED_MS = 50

export interface LimiterOptions {
  readonly maxInFlight: number
  /** 0 for no such limit. */
  readonly maxPerSecond: number
  /** Told when the endpoint asks for a pause, at most once for each. */
  readonly onPause: (ms: number) => void
}

/**
 * Where every attempt passes, a first try and a tenth alike: it begins when the pace, the breaker and a pause that the endpoint
 * asked for let it. Lines that wait here go before new ones.
 */
export class Limiter {
  readonly #clock: Clock
  readonly #onPause: (ms: number) => void
  readonly #throttle: Throttle
  readonly #circuitBreaker = new CircuitBreaker()
  readonly #waiting: ((attempt: Attempt | undefined) => void)[] = []
  #readers: (() => void)[] = []
  #isStopped = false
  #inFlight = 0
  #begun = 0
  #taken = 0
  #failed = 0
  #pausedUntil = 0
  #reservedUntil = 0
  /** One timer for everybody, since what they wait for is the same. */
  #alarm: { readonly at: number; readonly controller: AbortController } | undefined

  constructor(clock: Clock, { maxInFlight, maxPerSecond, onPause }: LimiterOptions) {
    this.#clock = clock
    this.#onPause = onPause
    this.#throttle = new Throttle(maxInFlight, maxPerSecond)
  }

  /** Whether a line that was never tried may begin at once. */
  get isOpen(): boolean {
    if (this.#inFlight >= this.#limit || this.#isStopped) return false
    if (this.#circuitBreaker.isOpen && this.isOver) return false
    return !this.#isTimed || this.#waitMs(this.#clock.now()) <= 0
  }

  get answers(): AnswerCounts {
    return { taken: this.#taken, failed: this.#failed }
  }

  /** Whether the last answer was a good one. */
  get isTrusted(): boolean {
    return this.#circuitBreaker.failures === 0
  }

  /** Whether the endpoint has been given up. */
  get isOver(): boolean {
    return this.#circuitBreaker.isOver(this.#clock.now())
  }

  /** Whether the endpoint has just come under suspicion, with no new line there to try it with. */
  get lacksProbe(): boolean {
    return this.#circuitBreaker.isUntried && this.#readers.length === 0
  }

  /** For how long there has been no good answer. */
  get failingMs(): number {
    return this.#circuitBreaker.failingMs(this.#clock.now())
  }

  /** Resolves when it is worth to look again whether it is open. */
  opening(): Promise<void> {
    return new Promise((resolve) => {
      this.#readers.push(resolve)
      if (this.#isTimed) this.#serve(this.#clock.now()) // time may have passed since somebody looked
    })
  }

  /** Begins an attempt, where that may be at once. */
  begin(): Attempt | undefined {
    return this.isOpen ? this.#begin(this.#clock.now()) : undefined
  }

  /** Waits in line to begin an attempt. @returns undefined where it was stopped meanwhile */
  turn(): Promise<Attempt | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#serve(this.#clock.now())
    })
  }

  /** The same, before everybody else. */
  nextTurn(): Promise<Attempt | undefined> {
    return new Promise((resolve) => {
      this.#waiting.unshift(resolve)
      this.#serve(this.#clock.now())
    })
  }

  /** An attempt came to nothing, and there is nothing to be learned of it. */
  release(): void {
    this.#inFlight -= 1
  }

  answered(sign: Sign, attempt: Attempt): void {
    const now = this.#clock.now()
    const next = this.#begun + 1
    this.#inFlight -= 1
    this.#throttle.answered(sign, attempt, now, next)
    if (sign === 'taken') {
      this.#taken += 1
      if (this.#circuitBreaker.taken()) this.#throttle.reopen()
    } else {
      this.#failed += 1
      this.#circuitBreaker.failed(attempt.number, this.#throttle.limit, now, this.#clock.chance(), next)
    }
    this.#serve(now)
  }

  /** An answer that says nothing about the endpoint, since the line is to blame. */
  answeredBadLine(attempt: Attempt): void {
    const now = this.#clock.now()
    this.#inFlight -= 1
    if (this.#circuitBreaker.isOpen)
      this.#circuitBreaker.failed(attempt.number, this.#throttle.limit, now, this.#clock.chance(), this.#begun + 1)
    this.#serve(now)
  }

  /** What the endpoint asks of one it asks of all: who goes on sending is only told the same again. */
  pause(ms: number): void {
    const now = this.#clock.now()
    if (this.#pausedUntil <= now) this.#onPause(ms)
    this.#pausedUntil = Math.max(this.#pausedUntil, now + ms)
    this.#throttle.pause(ms, now)
  }

  /** Nothing begins from now on, and nobody waits. */
  stop(): void {
    this.#isStopped = true
    for (const resolve of this.#waiting.splice(0)) resolve(undefined)
    this.#wakeReaders()
    this.#disarm()
  }

  /**
   * Each failure in a row keeps its place: no second window follows the first into an endpoint that is down, and where that has come
   * to be suspected, one place is left, for a probe.
   */
  get #limit(): number {
    return Math.max(1, this.#throttle.limit - this.#circuitBreaker.failures)
  }

  /** Whether it takes more than a free slot to begin: without that, nobody needs to know the time. */
  get #isTimed(): boolean {
    return this.#pausedUntil > 0 || this.#throttle.isTimed || this.#circuitBreaker.isOpen
  }

  #waitMs(now: number): number {
    const pauseMs = this.#pausedUntil - now
    if (pauseMs <= 0) this.#pausedUntil = 0
    const probeMs = this.#circuitBreaker.isOpen ? this.#circuitBreaker.probeAt - now : 0
    return Math.max(pauseMs, probeMs, this.#throttle.waitMs(now))
  }

  #begin(now: number): Attempt {
    this.#inFlight += 1
    this.#begun += 1
    this.#throttle.begin(now)
    return { number: this.#begun, at: now, inFlight: this.#inFlight, taken: this.#taken, failed: this.#failed }
  }

  /** Lets in whom there is room for. */
  #serve(now: number): void {
    if (this.#isStopped) {
      for (const resolve of this.#waiting.splice(0)) resolve(undefined)
      return
    }
    if (this.#circuitBreaker.isOpen && this.#readers.length > 0 && this.isOpen) {
      this.#reservedUntil = now + RESERVED_MS
      this.#wakeReaders()
    }
    while (this.#waiting.length > 0 && this.#inFlight < this.#limit && this.#queueMs(now) <= 0) {
      this.#waiting.shift()?.(this.#begin(now))
    }
    if (this.#readers.length > 0 && this.isOpen) this.#wakeReaders()
    if (this.#isTimed || this.#alarm !== undefined) this.#arm(now)
  }

  /** How long the lines that wait here have to, for the time alone. */
  #queueMs(now: number): number {
    if (!this.#isTimed) return 0
    return Math.max(this.#waitMs(now), this.#circuitBreaker.isOpen ? this.#reservedUntil - now : 0)
  }

  #wakeReaders(): void {
    for (const wake of this.#readers.splice(0)) wake()
  }

  /** Sees to it that somebody looks again, where it is not an answer that is waited for. */
  #arm(now: number): void {
    const isAwaited = this.#waiting.length > 0 || this.#readers.length > 0
    if (!isAwaited || this.#isStopped || this.#inFlight >= this.#limit) {
      this.#disarm()
      return
    }
    const ms = this.#waiting.length > 0 ? this.#queueMs(now) : this.#waitMs(now)
    if (ms === Infinity) return
    const sleepMs = Math.max(1, Math.ceil(ms))
    if (this.#alarm !== undefined && this.#alarm.at <= now + sleepMs) return
    this.#disarm()
    const alarm = { at: now + sleepMs, controller: new AbortController() }
    this.#alarm = alarm
    void this.#clock.sleep(sleepMs, alarm.controller.signal).then(() => {
      if (this.#alarm !== alarm) return
      this.#alarm = undefined
      this.#serve(this.#clock.now())
    })
  }

  #disarm(): void {
    this.#alarm?.controller.abort()
    this.#alarm = undefined
  }
}
