/** Durations that are kept: the newest ones, which are enough for the percentiles of CloudWatch and cost nothing per request. */
const KEPT = 20

/** What the attempts since the last call have shown. */
export interface EndpointFigures {
  readonly attempts: number
  /** Answered 429 or 503. */
  readonly busy: number
  /** Answered another 5xx, or not at all. */
  readonly errors: number
  /** Durations of some of them. */
  readonly milliseconds: readonly number[]
}

/** Counts how the endpoint answers. */
export class EndpointStats {
  #attempts = 0
  #busy = 0
  #errors = 0
  readonly #newest: number[] = []

  /** @param status undefined if there was no answer @param ms undefined if nothing was sent */
  record(status: number | undefined, ms: number | undefined): void {
    if (ms !== undefined) this.#newest[this.#attempts % KEPT] = ms
    this.#attempts += 1
    if (status === 429 || status === 503) this.#busy += 1
    else if (status === undefined || status >= 500) this.#errors += 1
  }

  /** Returns the figures, and begins at zero again. */
  take(): EndpointFigures {
    const figures = {
      attempts: this.#attempts,
      busy: this.#busy,
      errors: this.#errors,
      milliseconds: Object.values(this.#newest),
    }
    this.#attempts = 0
    this.#busy = 0
    this.#errors = 0
    this.#newest.length = 0
    return figures
  }
}
