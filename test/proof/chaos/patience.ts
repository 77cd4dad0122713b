/** A run may take as long as the machine needs, but something has to happen. */
export class Patience {
  readonly #limitMs: number
  #last = ''
  #since = performance.now()

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /**
   * @param state what changes as the run goes on
   * @param left what is still to be done
   * @throws Error where the state has been the same for too long
   */
  look(state: string, left: string): void {
    const now = performance.now()
    if (state !== this.#last) {
      this.#last = state
      this.#since = now
    } else if (now - this.#since > this.#limitMs) {
      throw new Error(`nothing has happened for ${this.#limitMs / 1000} seconds (${state}), and there is work left: ${left}`)
    }
  }
}
