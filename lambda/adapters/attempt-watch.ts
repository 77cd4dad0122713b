import { EndpointStats, type EndpointFigures } from './endpoint-stats.ts'

/** An attempt, while it is watched. The watch alone writes these fields. */
export interface Watched {
  /** Neighbours in the list of the watch, by start time. */
  older: Watched | undefined
  newer: Watched | undefined
  /** When it started, by `performance.now`; undefined while it is not in that list. */
  since: number | undefined
  /** Ends the attempt. */
  expire(): void
}

/**
 * Counts attempts, and ends those that take too long. All share one coarse timer: a timer for each would cost more than parsing the line. So
 * would a Map of the attempts, so they are linked, the oldest first.
 */
export class AttemptWatch {
  readonly #timeoutMs: number
  readonly #stats = new EndpointStats()
  #oldest: Watched | undefined
  #newest: Watched | undefined
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** How the attempts since the last call have gone, and how many are in flight. */
  takeFigures(): EndpointFigures & { readonly inFlight: number } {
    return { ...this.#stats.take(), inFlight: this.#inFlight }
  }

  add(attempt: Watched): void {
    if (attempt.since !== undefined) this.#remove(attempt) // a restarted attempt
    attempt.since = performance.now()
    attempt.older = this.#newest
    if (this.#newest === undefined) this.#oldest = attempt
    else this.#newest.newer = attempt
    this.#newest = attempt
    this.#inFlight += 1
    this.#timer ??= setInterval(() => {
      this.#sweep()
    }, this.#timeoutMs / 20).unref()
  }

  /** @param status undefined if there was no answer */
  end(attempt: Watched, status: number | undefined): void {
    const { since } = attempt
    this.#stats.record(status, since === undefined ? undefined : performance.now() - since)
    if (since !== undefined) this.#remove(attempt)
  }

  #remove(attempt: Watched): void {
    const { older, newer } = attempt
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    attempt.older = undefined
    attempt.newer = undefined
    attempt.since = undefined
    this.#inFlight -= 1
  }

  /** Stops the timer if nothing is in flight. Stopping it with the last attempt would set it again for each of a slow sequence. */
  #sweep(): void {
    const latest = performance.now() - this.#timeoutMs
    let attempt = this.#oldest
    while (attempt?.since !== undefined && attempt.since <= latest) {
      const { newer } = attempt // expire() may remove it
      attempt.expire()
      attempt = newer
    }
    if (this.#inFlight > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
