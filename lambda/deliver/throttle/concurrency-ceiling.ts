import type { Attempt } from '../attempt.ts'

/** Attempts in flight at the start, and after an outage. */
const FIRST_HEIGHT = 8
/**
 * Latency below this is nobody's harm: so long it takes our own process, at a full processor, to come round to an answer that has
 * long been there.
 */
const HARMLESS_MS = 5
/** How much slower than at its best the endpoint may become before more in flight is taken to wait in its queue. */
const TOLERANCE = 2
const STEP_DOWN = 0.8
/** Answers that are judged together, at least. */
const SMALLEST_ROUND = 32

/** A step down that has yet to show whether it made answers faster. */
interface Trial {
  readonly inFlight: number
  readonly latencyMs: number
}

/**
 * How many attempts in flight make sense, told by latency: beyond what the endpoint works on at a time, more only wait in its queue.
 *
 * Twice as many each round trip while latency holds, one more each round trip afterwards, a fifth less where latency has grown
 * beyond tolerance. Fewer must then be answered faster: where they are not, the queue is not ours and the endpoint has become slow,
 * so the step is taken back and its new latency is what is compared to.
 */
export class ConcurrencyCeiling {
  #height = FIRST_HEIGHT
  #isStarting = true
  #bestMs = Infinity
  #trial: Trial | undefined
  #sumOfLogs = 0
  #sumInFlight = 0
  #count = 0
  #roundSize = FIRST_HEIGHT
  /** The number of the first attempt that began in this round. */
  #first = 0

  get height(): number {
    return this.#height
  }

  /** An attempt that made use of the height was taken. @param next the number of the next attempt to begin */
  taken({ number, inFlight, at }: Attempt, now: number, next: number): void {
    if (this.#trial === undefined) this.#height += this.#isStarting ? 1 : 1 / this.#height
    if (number < this.#first) return
    // A geometric mean: one attempt in a hundred that stalls says nothing about the others, and would outweigh them in any other.
    this.#sumOfLogs += Math.log(Math.max(now - at, 1))
    this.#sumInFlight += inFlight
    this.#count += 1
    if (this.#count < this.#roundSize) return
    this.#classify(Math.exp(this.#sumOfLogs / this.#count), this.#sumInFlight / this.#count)
    this.#sumOfLogs = 0
    this.#sumInFlight = 0
    this.#count = 0
    this.#roundSize = this.#isStarting ? this.#height : Math.max(this.#height, SMALLEST_ROUND)
    this.#first = next
  }

  /** Begins as at the start: after an outage nobody knows what the endpoint can take. */
  lower(): void {
    this.#height = Math.min(this.#height, FIRST_HEIGHT)
    this.#isStarting = true
    this.#trial = undefined
  }

  #classify(latencyMs: number, inFlight: number): void {
    const trial = this.#trial
    this.#trial = undefined
    if (trial !== undefined && latencyMs > (trial.latencyMs * (1 + STEP_DOWN)) / 2) {
      this.#height = trial.inFlight
      this.#bestMs = latencyMs
      return
    }
    this.#bestMs = Math.min(this.#bestMs, latencyMs)
    if (latencyMs <= TOLERANCE * Math.max(this.#bestMs, HARMLESS_MS)) return
    this.#isStarting = false
    this.#trial = { inFlight, latencyMs }
    this.#height = Math.max(1, inFlight * STEP_DOWN)
  }
}
