import { InterruptedError, OutOfTime } from '../errors.ts'
import type { InvocationContext } from '../ports.ts'
import { onAbort } from './on-abort.ts'

/** The time of one invocation: its end is told some while before, so that what is on its way can come to its end. */
export class Deadline implements Disposable {
  readonly #ending = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #stopping: Disposable | undefined

  constructor(context: InvocationContext, marginMs: number) {
    const end = (why: Error): void => {
      this.#ending.abort(why)
    }
    const remainingMs = context.getRemainingTimeInMillis()
    // At least half of the time is for work, whatever the margin, or a short one would never begin.
    this.#timer = setTimeout(end, Math.max(remainingMs - marginMs, remainingMs / 2), new OutOfTime())
    this.#stopping =
      context.stopping &&
      onAbort(context.stopping, () => {
        end(new InterruptedError())
      })
  }

  get ending(): AbortSignal {
    return this.#ending.signal
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#stopping?.[Symbol.dispose]()
  }
}
