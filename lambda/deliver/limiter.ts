import type { Clock } from '../ports.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { strictRateLimit, type RateLimit } from './rate-limit.ts'
import type { EndpointHistory } from './retry-state.ts'
import { SharedLimit } from './shared-limit.ts'
import { Throttle } from './throttle.ts'

/**
 * While the circuit is open, how long the next probe is reserved for a new line. The lines that wait for a retry may all be bad ones, which
 * no endpoint would accept.
 */
const RESERVED_MS = 50

export interface LimiterOptions {
  readonly maxInFlight: number
  /** 0: no limit. */
  readonly maxPerSecond: number
  /** Called when all lines pause because the endpoint asks for it, at most once for each pause. */
  readonly onPause: (ms: number) => void
  /** Called when a new line may begin, if one waits. */
  readonly onOpen: () => void
}

/**
 * Decides when an attempt may begin. The delivery asks it before every attempt of every line, and reports every answer.
 * It combines a fixed number of attempts in flight, the throttle, the circuit breaker, and the user's limit of lines per second.
 *
 * Attempts are numbered from 1 in the order in which they begin. Those that wait here begin before those of new lines.
 */
export class Limiter {
  readonly #clock: Clock
  readonly #onPause: (ms: number) => void
  readonly #onOpen: () => void
  readonly #maxInFlight: number
  readonly #userLimit: RateLimit | undefined
  #sharedLimit: SharedLimit | undefined
  readonly #throttle = new Throttle()
  readonly #circuitBreaker: CircuitBreaker
  readonly #queue: ((attempt: number | undefined) => void)[] = []
  #isNewLineWaiting = false
  #isStopped = false
  #inFlight = 0
  #begun = 0
  #accepted = 0
  #failed = 0
  #newestAccepted = 0
  #pausedUntil = 0
  #reservedUntil = 0
  /** One timer serves all that wait. */
  #timer: { readonly at: number; readonly controller: AbortController } | undefined

  constructor(clock: Clock, { maxInFlight, maxPerSecond, onPause, onOpen }: LimiterOptions) {
    this.#clock = clock
    this.#maxInFlight = maxInFlight
    this.#circuitBreaker = new CircuitBreaker(maxInFlight)
    this.#userLimit = maxPerSecond > 0 ? strictRateLimit(maxPerSecond) : undefined
    this.#onPause = onPause
    this.#onOpen = onOpen
  }

  /** Whether the first attempt of a new line may begin now. */
  get isOpen(): boolean {
    if (this.#inFlight >= this.#limit || this.#isStopped) return false
    if (!this.#isTimed) return true
    const now = this.#clock.now()
    return this.#waitMs(now) <= 0 && !this.#circuitBreaker.hasGivenUp(now)
  }

  /** How the attempts of all lines have gone so far. */
  get history(): EndpointHistory {
    return { accepted: this.#accepted, failed: this.#failed, begun: this.#begun, newestAccepted: this.#newestAccepted }
  }

  /** Whether the last answer was not a failure. */
  get isHealthy(): boolean {
    return this.#circuitBreaker.failures === 0
  }

  /** Whether the endpoint has been down for so long that the delivery has to end. */
  get hasGivenUp(): boolean {
    return this.#circuitBreaker.hasGivenUp(this.#clock.now())
  }

  /** Whether the circuit has just opened and there is no new line to probe the endpoint with. */
  get needsKnownGoodProbe(): boolean {
    return this.#circuitBreaker.isUnprobed && !this.#isNewLineWaiting
  }

  /** For how long no attempt has been accepted. */
  get failingMs(): number {
    return this.#circuitBreaker.failingMs(this.#clock.now())
  }

  /** Sets whether a new line waits for the limiter to open. If it does, `onOpen` is called once when the limiter opens. */
  expectNewLine(isWaiting: boolean): void {
    const wasWaiting = this.#isNewLineWaiting
    this.#isNewLineWaiting = isWaiting
    if (isWaiting && !wasWaiting && this.#isTimed) this.#admit(this.#clock.now()) // time may have passed since the last check
  }

  /** Changes the share of the limit that all invocations share. @param share undefined for no limit */
  limitTo(share: { readonly perSecond: number; readonly until: number } | undefined): void {
    const now = this.#clock.now()
    if (share === undefined) this.#sharedLimit = undefined
    else (this.#sharedLimit ??= new SharedLimit()).change(share.perSecond, share.until, now)
    this.#clearTimer()
    this.#admit(now)
  }

  /** Begins an attempt if that is possible now. @returns its number */
  tryAcquire(): number | undefined {
    return this.isOpen ? this.#begin() : undefined
  }

  /** Begins an attempt as soon as possible. @returns its number, or undefined if the limiter was stopped meanwhile */
  acquire(): Promise<number | undefined> {
    return new Promise((resolve) => {
      this.#queue.push(resolve)
      this.#admit(this.#clock.now())
    })
  }

  /** Like `acquire`, but before all other attempts that wait. */
  acquireNext(): Promise<number | undefined> {
    return new Promise((resolve) => {
      this.#queue.unshift(resolve)
      this.#admit(this.#clock.now())
    })
  }

  /** Ends an attempt from which nothing can be learned. */
  release(): void {
    this.#inFlight -= 1
  }

  /** Ends an attempt that was accepted. The line may still be unacceptable; the endpoint works. */
  recordAccepted(attempt: number): void {
    const now = this.#clock.now()
    this.#inFlight -= 1
    this.#accepted += 1
    if (attempt > this.#newestAccepted) this.#newestAccepted = attempt
    this.#circuitBreaker.recordSuccess()
    this.#throttle.recordAccepted(now)
    this.#admit(now)
  }

  /** Ends an attempt that was not accepted. @param retryAfterMs the pause that the answer asks for; 0 for none */
  recordFailure(attempt: number, retryAfterMs: number): void {
    const now = this.#clock.now()
    this.#inFlight -= 1
    this.#failed += 1
    this.#throttle.recordRefused(now, retryAfterMs > 0)
    this.#failCircuit(attempt, now)
    if (retryAfterMs > 0 && (this.#throttle.needsPause || this.#circuitBreaker.isOpen)) this.#pause(retryAfterMs, now)
    this.#admit(now)
  }

  /** Ends an attempt that failed because of its line. That says nothing about the endpoint, except that a probe was not accepted. */
  recordPoison(attempt: number): void {
    const now = this.#clock.now()
    this.#inFlight -= 1
    if (this.#circuitBreaker.isOpen) this.#failCircuit(attempt, now)
    this.#admit(now)
  }

  /** No attempt begins from now on, and `acquire` resolves to undefined. */
  stop(): void {
    this.#isStopped = true
    for (const resolve of this.#queue.splice(0)) resolve(undefined)
    this.#clearTimer()
  }

  #failCircuit(attempt: number, now: number): void {
    this.#circuitBreaker.recordFailure(attempt, this.#begun + 1, now, this.#clock.chance())
  }

  /** No attempt begins for this long: the endpoint would answer the other lines in the same way. */
  #pause(ms: number, now: number): void {
    if (this.#pausedUntil <= now) this.#onPause(ms)
    this.#pausedUntil = Math.max(this.#pausedUntil, now + ms)
  }

  /**
   * Attempts that may be in flight. Each failure in a row takes one away: when the endpoint goes down, it gets no second round of attempts.
   * One stays for a probe.
   */
  get #limit(): number {
    return Math.max(1, this.#maxInFlight - this.#circuitBreaker.failures)
  }

  /** Whether beginning depends on the time, and not only on a free slot. If not, the clock need not be read. */
  get #isTimed(): boolean {
    return (
      this.#throttle.perSecond < Infinity ||
      this.#userLimit !== undefined ||
      this.#sharedLimit !== undefined ||
      this.#pausedUntil > 0 ||
      this.#circuitBreaker.isOpen
    )
  }

  /** How long a new line has to wait, for the time alone. */
  #waitMs(now: number): number {
    if (this.#pausedUntil <= now) this.#pausedUntil = 0
    const probeAt = this.#circuitBreaker.isOpen ? this.#circuitBreaker.probeAt : 0
    const pauseMs = Math.max(this.#pausedUntil, probeAt) - now
    return Math.max(pauseMs, this.#throttle.waitMs(now), this.#userLimit?.waitMs(now) ?? 0, this.#sharedLimit?.waitMs(now) ?? 0)
  }

  /** How long the attempts in the queue have to wait, for the time alone. */
  #queueMs(now: number): number {
    if (!this.#isTimed) return 0
    return Math.max(this.#waitMs(now), this.#circuitBreaker.isOpen ? this.#reservedUntil - now : 0)
  }

  #begin(): number {
    this.#inFlight += 1
    this.#begun += 1
    if (this.#isTimed) {
      const now = this.#clock.now()
      this.#throttle.begin(now, this.#clock.chance())
      this.#userLimit?.take(now)
      this.#sharedLimit?.take(now)
    }
    return this.#begun
  }

  /** Begins as many waiting attempts as possible, and then lets a new line begin if there is still room. */
  #admit(now: number): void {
    if (this.#isStopped) {
      for (const resolve of this.#queue.splice(0)) resolve(undefined)
      return
    }
    if (this.#circuitBreaker.isOpen && this.#isNewLineWaiting && this.isOpen) {
      this.#reservedUntil = now + RESERVED_MS
      this.#admitNewLine()
    }
    while (this.#queue.length > 0 && this.#inFlight < this.#limit && this.#queueMs(now) <= 0) {
      this.#queue.shift()?.(this.#begin())
    }
    if (this.#isNewLineWaiting && this.isOpen) this.#admitNewLine()
    if (this.#isTimed || this.#timer !== undefined) this.#setTimer(now)
  }

  #admitNewLine(): void {
    this.#isNewLineWaiting = false
    this.#onOpen()
  }

  /** Sets a timer for the end of the wait. If all slots are in use, the next answer ends the wait instead. */
  #setTimer(now: number): void {
    const isAnyoneWaiting = this.#queue.length > 0 || this.#isNewLineWaiting
    if (!isAnyoneWaiting || this.#isStopped || this.#inFlight >= this.#limit) {
      this.#clearTimer()
      return
    }
    const ms = this.#queue.length > 0 ? this.#queueMs(now) : this.#waitMs(now)
    if (ms === Infinity) return
    const sleepMs = Math.max(1, Math.ceil(ms))
    if (this.#timer !== undefined && this.#timer.at <= now + sleepMs) return
    this.#clearTimer()
    const timer = { at: now + sleepMs, controller: new AbortController() }
    this.#timer = timer
    void this.#clock.sleep(sleepMs, timer.controller.signal).then(() => {
      if (this.#timer !== timer) return
      this.#timer = undefined
      this.#admit(this.#clock.now())
    })
  }

  #clearTimer(): void {
    this.#timer?.controller.abort('cleared') // without a reason, abort() makes an error with a stack trace
    this.#timer = undefined
  }
}
