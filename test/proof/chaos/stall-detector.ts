/** Fails a run that makes no progress. A slow machine may take any time. */
export class StallDetector {
  readonly #limitMs: number
  #last = ''
  #since = performance.now()

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /**
   * @param state text that changes while the run makes progress
   * @param left the remaining work
   * @throws Error if the state has not changed for too long
   */
  observe(state: string, left: string): void {
    const now = performance.now()
    if (state !== this.#last) {
      this.#last = state
      this.#since = now
    } else if (now - this.#since > this.#limitMs) {
      throw new Error(`no progress for ${this.#limitMs / 1000} seconds (${state}); remaining work: ${left}`)
    }
  }
}
