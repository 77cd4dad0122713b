import { fullJitter } from '../backoff.ts'

/** With fewer failures in a row, over all lines, the endpoint may still be healthy. */
const MIN_FAILURES = 8
/** Failed probes after which the delivery ends. The import queue can wait for longer than an invocation can. */
const MAX_PROBES = 10
const MAX_FAILING_MS = 5 * 60_000
const PROBE_BACKOFF_MS = { first: 250, max: 20_000 }

/**
 * Notices that the endpoint is down. It opens when as many answers in a row have failed as attempts may be in flight: then all lines wait,
 * and one attempt at a time probes the endpoint. The first attempt that is accepted closes it.
 *
 * Pure: the limiter reports each answer, with its time and chance, and asks whether and when a probe may begin.
 */
export class CircuitBreaker {
  readonly #maxFailures: number
  #failures = 0
  #failingSince = 0
  #probes = 0
  #probeAt = Infinity
  /** Number of the first attempt that began after it opened. Attempts that were in flight before are not probes. */
  #firstProbe = Infinity

  constructor(maxInFlight: number) {
    this.#maxFailures = Math.max(MIN_FAILURES, maxInFlight)
  }

  get isOpen(): boolean {
    return this.#firstProbe < Infinity
  }

  /** Whether it is open and no probe has been answered yet. */
  get isUnprobed(): boolean {
    return this.isOpen && this.#probes === 0
  }

  /** When the next probe may begin. */
  get probeAt(): number {
    return this.#probeAt
  }

  /** Failures in a row up to now, over all lines. */
  get failures(): number {
    return this.#failures
  }

  /** For how long no attempt has been accepted. */
  failingMs(now: number): number {
    return this.#failures === 0 ? 0 : now - this.#failingSince
  }

  /** Whether enough probes have failed, or for long enough, to end the delivery. */
  hasGivenUp(now: number): boolean {
    return this.isOpen && (this.#probes >= MAX_PROBES || (this.#probes > 0 && this.failingMs(now) > MAX_FAILING_MS))
  }

  recordSuccess(): void {
    this.#failures = 0
    this.#firstProbe = Infinity
    this.#probes = 0
  }

  /** @param attempt number of the attempt that failed @param next number of the next attempt to begin */
  recordFailure(attempt: number, next: number, now: number, chance: number): void {
    if (this.#failures === 0) this.#failingSince = now
    this.#failures += 1
    if (!this.isOpen && this.#failures >= this.#maxFailures) this.#firstProbe = next
    else if (attempt >= this.#firstProbe) this.#probes += 1
    else return
    this.#probeAt = now + fullJitter(this.#probes + 1, chance, PROBE_BACKOFF_MS)
  }
}
