/** How long the recovery to an unexpected refusal takes. Beyond the refused limit it is never slower than this. */
const RECOVERY_MS = 5_000
/** Longest recovery, if the same limit is refused again and again. */
const MAX_RECOVERY_MS = 20_000
/** The time between two answers counts for at most this much, so that a slow endpoint is not tested again after every few answers. */
const MAX_STEP_MS = 100
/** Limits that differ by at most this share count as the same. */
const SAME_LIMIT = 0.2
const MIN_REDUCTION = 0.04

/**
 * A limit that falls when the endpoint refuses it and then recovers along a cubic curve: fast at first, slowly near the refused limit, and
 * faster again beyond it. If about the same limit is refused again, it falls by less and recovers more slowly. The adaptive rate and the
 * concurrency limit each have one.
 *
 * @see RFC 9438, "CUBIC for Fast and Long-Distance Networks", 4.2
 */
export class RecoveryCurve {
  readonly #firstReduction: number
  #reduction: number
  #refusedLimit = Infinity
  #limit = Infinity
  #recoveryMs = RECOVERY_MS
  /** 0 after a reduction, 1 at the refused limit, more beyond it. */
  #progress = 0

  /** @param reduction share of the limit that is given up at an unexpected refusal */
  constructor(reduction: number) {
    this.#firstReduction = reduction
    this.#reduction = reduction
  }

  /** Infinity until the first refusal. */
  get limit(): number {
    return this.#limit
  }

  /** The endpoint refused this limit. */
  reduce(limit: number): void {
    const isSame = this.#progress > 0.5 && Math.abs(limit / this.#refusedLimit - 1) <= SAME_LIMIT
    this.#reduction = isSame ? Math.max(MIN_REDUCTION, this.#reduction / 2) : this.#firstReduction
    this.#recoveryMs = isSame ? Math.min(this.#recoveryMs * 2, MAX_RECOVERY_MS) : RECOVERY_MS
    this.#refusedLimit = limit
    this.#progress = 0
    this.#update()
  }

  /** Lets time pass. The caller does so only while the limit is used, because an unused limit is untested. */
  advance(ms: number): void {
    if (this.#refusedLimit === Infinity) return
    this.#progress += Math.min(ms, MAX_STEP_MS) / (this.#progress < 1 ? this.#recoveryMs : RECOVERY_MS)
    this.#update()
  }

  #update(): void {
    const beyond = (this.#progress - 1) ** 3
    this.#limit = this.#refusedLimit * (beyond < 0 ? 1 + this.#reduction * beyond : Math.exp(this.#firstReduction * beyond))
  }
}
