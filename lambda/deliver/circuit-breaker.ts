import { fullJitter } from '../backoff.ts'

/** Failures in a row, over all lines, that an endpoint in good health is trusted not to show. */
const SUSPICIOUS = 8
/** Probes that may fail before the work goes back to its queue, which can wait for longer. */
const MAX_PROBES = 10
const PATIENCE_MS = 5 * 60_000
const PROBE_BACKOFF_MS = { first: 250, max: 20_000 }

/**
 * Whether anybody is there. When every answer has been a failure for as many as a whole window, all lines wait, and one attempt at
 * a time finds out; the first that is taken ends it.
 *
 * Pure: it is told of answers, with their times and chance, and knows no clock.
 */
export class CircuitBreaker {
  #failures = 0
  #since = 0
  #probes = 0
  #probeAt = Infinity
  /** The number of the first attempt that began after it opened: who was in flight before is no probe. */
  #first = Infinity

  get isOpen(): boolean {
    return this.#first < Infinity
  }

  /** Whether it has opened, and no probe has come back yet. */
  get isUntried(): boolean {
    return this.isOpen && this.#probes === 0
  }

  /** When the next probe may begin. */
  get probeAt(): number {
    return this.#probeAt
  }

  /** How many in a row, up to now. */
  get failures(): number {
    return this.#failures
  }

  /** For how long there has been no good answer. */
  failingMs(now: number): number {
    return this.#failures === 0 ? 0 : now - this.#since
  }

  /** Whether enough probes have failed. */
  isOver(now: number): boolean {
    return this.isOpen && (this.#probes >= MAX_PROBES || (this.#probes > 0 && this.failingMs(now) > PATIENCE_MS))
  }

  /** @returns whether it was open */
  taken(): boolean {
    this.#failures = 0
    if (!this.isOpen) return false
    this.#first = Infinity
    this.#probes = 0
    return true
  }

  failed(number: number, limit: number, now: number, chance: number, next: number): void {
    if (this.#failures === 0) this.#since = now
    this.#failures += 1
    if (!this.isOpen && this.#failures >= Math.max(SUSPICIOUS, limit)) {
      this.#first = next
      this.#probeAt = now + fullJitter(1, chance, PROBE_BACKOFF_MS)
    } else if (number >= this.#first) {
      this.#probes += 1
      this.#probeAt = now + fullJitter(this.#probes + 1, chance, PROBE_BACKOFF_MS)
    }
  }
}
