import type { Dispatcher } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Client from 'undici/lib/dispatcher/client.js'
import type { Answer } from '../deliver/classify.ts'
import { AttemptWatch } from './attempt-watch.ts'
import type { EndpointFigures } from './endpoint-stats.ts'
import { HttpSlot, type OnAnswer } from './http-slot.ts'

const CONNECT_TIMEOUT_MS = 5_000
const HEADERS_TIMEOUT_MS = 10_000
const BODY_TIMEOUT_MS = 10_000
/** From the first byte sent to the last byte received. A response that arrives byte by byte never hits the other timeouts. */
const ATTEMPT_TIMEOUT_MS = 20_000

export interface HttpTimeouts {
  readonly connectMs?: number
  readonly headersMs?: number
  readonly bodyMs?: number
  readonly attemptMs?: number
}

const CLOSED: Answer = Object.freeze({ kind: 'no-answer', code: 'CLOSED' })

/** An attempt that waits for a connection. */
interface Waiting {
  readonly options: Dispatcher.DispatchOptions
  readonly onAnswer: OnAnswer
}

/**
 * HTTP to one origin, over connections that are kept alive. Follows no redirects and does not retry.
 *
 * It is made of undici's clients, and not of its pool, which looks for a free connection twice for each request, and finds that the one that
 * has just answered is not free yet. So the next request waits in a queue, while undici prepares the connection for idling, and then wakes it
 * up again: two timers, and two turns of the event loop. Here the connection that has answered gets the next request immediately, in the
 * callback of the answer.
 */
export class HttpPool {
  readonly #origin: URL
  readonly #clientOptions: ConstructorParameters<typeof Client>[1]
  readonly #maxSlots: number
  readonly #watch: AttemptWatch
  readonly #slots: HttpSlot[] = []
  /** The one that was used last comes first: connections that are not needed are idle, and close. */
  readonly #free: HttpSlot[] = []
  readonly #waiting: Waiting[] = []
  /** The slot whose answer is being handled, in the middle of undici's parser: no other connection may be touched meanwhile. */
  #answering: HttpSlot | undefined
  #isClosed = false

  constructor(origin: URL, maxSlots: number, timeouts: HttpTimeouts = {}) {
    this.#origin = origin
    this.#maxSlots = maxSlots
    this.#clientOptions = {
      connect: buildConnector({ timeout: timeouts.connectMs ?? CONNECT_TIMEOUT_MS }), // one for all: it caches TLS sessions
      headersTimeout: timeouts.headersMs ?? HEADERS_TIMEOUT_MS,
      bodyTimeout: timeouts.bodyMs ?? BODY_TIMEOUT_MS,
    }
    this.#watch = new AttemptWatch(timeouts.attemptMs ?? ATTEMPT_TIMEOUT_MS)
  }

  /** @param onAnswer called once, later: a network failure is an answer too. It must not throw. */
  send(options: Dispatcher.DispatchOptions, onAnswer: OnAnswer): void {
    if (this.#isClosed) {
      queueMicrotask(() => {
        onAnswer(CLOSED)
      })
      return
    }
    const slot = this.#takeSlot()
    if (slot === undefined) this.#waiting.push({ options, onAnswer })
    else slot.begin(options, onAnswer)
  }

  takeFigures(): EndpointFigures & { readonly inFlight: number } {
    return this.#watch.takeFigures()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const { onAnswer } of this.#waiting.splice(0)) onAnswer(CLOSED)
    await Promise.all(this.#slots.map((slot) => slot.close()))
  }

  #takeSlot(): HttpSlot | undefined {
    if (this.#answering !== undefined) return this.#free.at(-1) === this.#answering ? this.#free.pop() : undefined
    const free = this.#free.pop()
    if (free !== undefined || this.#slots.length === this.#maxSlots) return free
    const slot = new HttpSlot(new Client(this.#origin, this.#clientOptions), this.#watch, this.#onEnd)
    this.#slots.push(slot)
    return slot
  }

  readonly #onEnd = (slot: HttpSlot, answer: Answer, onAnswer: OnAnswer): void => {
    this.#free.push(slot)
    this.#answering = slot
    try {
      this.#sendWaiting() // before what the answer brings
      onAnswer(answer)
    } finally {
      // Otherwise the pool would send on this connection alone from now on.
      this.#answering = undefined
      if (this.#waiting.length > 0) queueMicrotask(this.#sendWaiting)
    }
  }

  readonly #sendWaiting = (): void => {
    while (this.#waiting.length > 0) {
      const slot = this.#takeSlot()
      if (slot === undefined) return
      const next = this.#waiting.shift()
      if (next !== undefined) slot.begin(next.options, next.onAnswer)
    }
  }
}
