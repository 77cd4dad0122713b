/** Ctrl-C, or a polite kill. The first asks to end in order; the second ends at once, since whoever presses again means it. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController()
  readonly #onSignal: () => void

  constructor() {
    this.#onSignal = () => {
      if (this.#controller.signal.aborted) process.exit(130)
      this.#controller.abort()
    }
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
  }

  get happened(): boolean {
    return this.#controller.signal.aborted
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
  }
}
