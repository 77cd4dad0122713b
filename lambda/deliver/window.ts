/**
 * How many lines may be on their way at once. Whoever wants to send asks for room first, which is what slows the reader,
 * and through it the S3 socket, down to the pace of the endpoint.
 */
export class Window {
  readonly #limit: number
  #inFlight = 0
  #waiting: (() => void) | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  get isFull(): boolean {
    return this.#inFlight >= this.#limit
  }

  get isEmpty(): boolean {
    return this.#inFlight === 0
  }

  enter(): void {
    this.#inFlight += 1
  }

  leave(): void {
    this.#inFlight -= 1
    this.#wake()
  }

  /** Resolves when a line has left. One waiter at a time: there is one reader. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }
}
