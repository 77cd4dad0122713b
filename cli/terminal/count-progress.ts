import { counted } from './numbers.ts'
import { StatusLine, type Output } from './output.ts'

const SHOWN_EVERY_MS = 250

/** Counts on a terminal what a command reads or writes: `12,000 lines read`. Without a terminal, nothing is shown. */
export class CountProgress implements Disposable {
  readonly #noun: string
  readonly #done: string
  readonly #status: StatusLine | undefined
  readonly #now: () => number
  #count = 0
  #shownAt: number

  /** @param noun of one @param done what was done with it */
  constructor(noun: string, done: string, output: Output = process.stderr, now: () => number = Date.now) {
    this.#noun = noun
    this.#done = done
    this.#status = output.isTTY === true ? new StatusLine(output) : undefined
    this.#now = now
    this.#shownAt = now()
  }

  readonly add = (more = 1): void => {
    this.#count += more
    const now = this.#now()
    if (now - this.#shownAt < SHOWN_EVERY_MS) return
    this.#shownAt = now
    this.#status?.show(`${counted(this.#count, this.#noun)} ${this.#done}`)
  };

  /** Removes the count: call it before anything else is written. */
  [Symbol.dispose](): void {
    this.#status?.clear()
  }
}
