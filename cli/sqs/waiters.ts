import { EventEmitter, once } from 'node:events'
import type { Messages } from './messages.ts'
import type { Queue } from './queues.ts'

/** Long polling: whoever waits looks again when something was sent, and when something becomes visible by itself. */
export class Waiters {
  readonly #messages: Messages
  readonly #now: () => number
  readonly #woken = new EventEmitter().setMaxListeners(0)

  constructor(messages: Messages, now: () => number) {
    this.#messages = messages
    this.#now = now
  }

  wake(queue: Queue): void {
    this.#woken.emit(queue.name)
  }

  /** @returns what `look` found, or undefined when the time was over or nobody listens any more */
  async until<T>(queue: Queue, waitMs: number, signal: AbortSignal, look: () => T | undefined): Promise<T | undefined> {
    const end = this.#now() + waitMs
    for (;;) {
      if (signal.aborted) return undefined
      const found = look()
      const left = end - this.#now()
      if (found !== undefined || left <= 0) return found
      const visibleIn = (this.#messages.nextVisibleAt(queue) ?? Infinity) - this.#now()
      await this.#change(queue, Math.max(1, Math.min(left, visibleIn)), signal)
    }
  }

  async #change(queue: Queue, ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const timer = setTimeout(() => {
      over.abort()
    }, ms).unref()
    // Both ends of the wait are told as an abort, which is no error here.
    await once(this.#woken, queue.name, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined)
    clearTimeout(timer)
  }
}
