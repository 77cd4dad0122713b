import { EXIT } from './exit.ts'

/** Listens for Ctrl-C and SIGTERM. The first one asks the command to finish what is in flight and stop; the second one exits immediately. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController()
  readonly #onSignal: () => void

  constructor() {
    this.#onSignal = () => {
      if (this.#controller.signal.aborted) process.exit(EXIT.interrupted)
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
