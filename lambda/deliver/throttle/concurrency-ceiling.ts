import type { Attempt } from '../attempt.ts'

/** Attempts in flight at the start, and after an outage. */
const FIRST_LIMIT = 8
/** Shorter latencies are not compared: under full load our own process needs this long to get round to an answer that has arrived. */
const HARMLESS_MS = 5
/** If the endpoint becomes slower than its best latency by this factor, additional attempts are taken to wait in its queue. */
const TOLERANCE = 2
const STEP_DOWN = 0.8
/** Fewest answers that are averaged. */
const MIN_ROUND = 32

/** A step down that has yet to show whether it makes answers faster. */
interface Trial {
  readonly inFlight: number
  readonly latencyMs: number
}

/**
 * How many attempts in flight are useful, measured by latency: beyond what the endpoint works on at a time, more attempts only wait in its
 * queue. The concurrency limit reports accepted attempts to it.
 *
 * It doubles each round trip while latency holds, and grows by one each round trip after that. If latency exceeds the tolerance, it falls by
 * a fifth. Then answers must become faster. If they do not, the queue is not ours and the endpoint itself has become slow: the step is
 * taken back, and the new latency is what later ones are compared with.
 */
export class ConcurrencyCeiling {
  #limit = FIRST_LIMIT
  #isStarting = true
  #bestMs = Infinity
  #trial: Trial | undefined
  #sumOfLogs = 0
  #sumInFlight = 0
  #count = 0
  #roundSize = FIRST_LIMIT
  /** Number of the first attempt that began in this round. */
  #firstOfRound = 0

  get limit(): number {
    return this.#limit
  }

  /** Records an accepted attempt that used the limit. @param next number of the next attempt to begin */
  recordAccepted({ number, inFlight, at }: Attempt, now: number, next: number): void {
    if (this.#trial === undefined) this.#limit += this.#isStarting ? 1 : 1 / this.#limit
    if (number < this.#firstOfRound) return
    // A geometric mean: one attempt in a hundred that stalls says nothing about the others, but would dominate an arithmetic mean.
    this.#sumOfLogs += Math.log(Math.max(now - at, 1))
    this.#sumInFlight += inFlight
    this.#count += 1
    if (this.#count < this.#roundSize) return
    this.#endRound(Math.exp(this.#sumOfLogs / this.#count), this.#sumInFlight / this.#count)
    this.#sumOfLogs = 0
    this.#sumInFlight = 0
    this.#count = 0
    this.#roundSize = this.#isStarting ? this.#limit : Math.max(this.#limit, MIN_ROUND)
    this.#firstOfRound = next
  }

  /** Starts small again: after an outage it is unknown what the endpoint can take. */
  restart(): void {
    this.#limit = Math.min(this.#limit, FIRST_LIMIT)
    this.#isStarting = true
    this.#trial = undefined
  }

  /** @param latencyMs mean of the round @param inFlight mean of the round */
  #endRound(latencyMs: number, inFlight: number): void {
    const trial = this.#trial
    this.#trial = undefined
    if (trial !== undefined && latencyMs > (trial.latencyMs * (1 + STEP_DOWN)) / 2) {
      this.#limit = trial.inFlight
      this.#bestMs = latencyMs
      return
    }
    this.#bestMs = Math.min(this.#bestMs, latencyMs)
    if (latencyMs <= TOLERANCE * Math.max(this.#bestMs, HARMLESS_MS)) return
    this.#isStarting = false
    this.#trial = { inFlight, latencyMs }
    this.#limit = Math.max(1, inFlight * STEP_DOWN)
  }
}
