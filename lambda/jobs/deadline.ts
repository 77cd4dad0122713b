import { InterruptedError, OutOfTime } from '../errors.ts'
import type { InvocationContext } from '../ports.ts'
import { onAbort } from './on-abort.ts'

/**
 * The time limit of one invocation. `ending` is aborted some time before Lambda ends the invocation, so that requests in flight can finish
 * and the rest of the work can be requeued (when-unfinished.ts).
 */
export class Deadline implements Disposable {
  readonly #ending = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #stopping: Disposable | undefined

  constructor(context: InvocationContext, marginMs: number) {
    const end = (reason: OutOfTime | InterruptedError): void => {
      this.#ending.abort(reason)
    }
    const remainingMs = context.getRemainingTimeInMillis()
    // However large the margin, half of the time is for work. Otherwise a short invocation would never begin.
    this.#timer = setTimeout(end, Math.max(remainingMs - marginMs, remainingMs / 2), new OutOfTime())
    this.#stopping =
      context.stopping &&
      onAbort(context.stopping, () => {
        end(new InterruptedError())
      })
  }

  /** Aborted with OutOfTime or InterruptedError. */
  get ending(): AbortSignal {
    return this.#ending.signal
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#stopping?.[Symbol.dispose]()
  }
}
