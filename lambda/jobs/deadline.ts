import { InterruptedError, OutOfTime } from '../errors.ts'
import type { Clock, InvocationContext } from '../ports.ts'
import { onAbort } from './on-abort.ts'

/**
 * The time limit of one invocation. `ending` is aborted some time before Lambda ends the invocation, so that requests in flight can finish
 * and the rest of the work can be requeued (when-unfinished.ts).
 */
export class Deadline implements Disposable {
  readonly #ending = new AbortController()
  readonly #disposed = new AbortController()
  readonly #stopping: Disposable | undefined

  constructor(context: InvocationContext, marginMs: number, clock: Pick<Clock, 'sleep'>) {
    const remainingMs = context.getRemainingTimeInMillis()
    // However large the margin, half of the time is for work. Otherwise a short invocation would never begin.
    const workMs = Math.max(remainingMs - marginMs, remainingMs / 2)
    void clock.sleep(workMs, this.#disposed.signal).then(() => {
      if (!this.#disposed.signal.aborted) this.#ending.abort(new OutOfTime())
    })
    this.#stopping =
      context.stopping &&
      onAbort(context.stopping, () => {
        this.#ending.abort(new InterruptedError())
      })
  }

  /** Aborted with OutOfTime or InterruptedError. */
  get ending(): AbortSignal {
    return this.#ending.signal
  }

  [Symbol.dispose](): void {
    this.#disposed.abort('disposed') // without a reason, abort() makes an error with a stack trace
    this.#stopping?.[Symbol.dispose]()
  }
}
