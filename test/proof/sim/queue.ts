import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import type { ImportQueue, DeadLetterQueue } from '../../../lambda/ports.ts'
import type { Worker } from './worker.ts'

export interface Message {
  readonly id: string
  readonly body: string
  readonly visibleAt: number
  readonly receives: number
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** One shared abort reason, because creating an error with a stack is slow. */
const CHANGED = new Error('changed')

const MAX_RECEIVES = 5
/** How long the handler hides a message at a time. */
const HIDDEN_MS = 180_000

/** Simulated SQS: the import queue and its dead-letter queue. */
export class Queues {
  readonly #waiting: Writable<Message>[] = []
  #changed = new AbortController()
  #sent = 0
  /** Bodies of messages that SQS moved to the dead-letter queue because they were received too often. They are work, not lines. */
  readonly deadMessages: string[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly #onDeleted: () => void

  constructor(onDeleted: () => void) {
    this.#onDeleted = onDeleted
  }

  send(body: string, visibleAt: number): void {
    this.#sent += 1
    this.#waiting.push({ id: `m${this.#sent}`, body, visibleAt, receives: 0 })
    this.#notify()
  }

  get waiting(): readonly Message[] {
    return this.#waiting
  }

  /** Aborted at the next change of any message. */
  get changed(): AbortSignal {
    return this.#changed.signal
  }

  /** When the next message becomes visible, unless another one is sent first. */
  get nextVisibleAt(): number {
    return Math.min(...this.#waiting.map(({ visibleAt }) => visibleAt))
  }

  /** Receives the message that has been visible for longest. */
  receive(now: number): Message | undefined {
    for (;;) {
      const message = this.#waiting.filter(({ visibleAt }) => visibleAt <= now).toSorted((a, b) => a.visibleAt - b.visibleAt)[0]
      if (message === undefined) return undefined
      message.receives += 1
      message.visibleAt = Infinity
      if (message.receives <= MAX_RECEIVES) return message
      this.#take(message)
      this.deadMessages.push(message.body)
    }
  }

  /** Changes when a message becomes visible. */
  setVisibleAt(message: Message, visibleAt: number): void {
    const waiting = this.#waiting.find((each) => each === message)
    if (waiting !== undefined) waiting.visibleAt = visibleAt
    this.#notify()
  }

  /** Call it when the worker of a message was killed. */
  abandon(message: Message, now: number): void {
    this.setVisibleAt(message, now + HIDDEN_MS)
  }

  delete(message: Message): void {
    if (!this.#waiting.includes(message)) return
    this.#take(message)
    this.#onDeleted()
    this.#notify()
  }

  /** Moves dead messages back to the import queue, as an operator does. */
  redrive(now: number): void {
    for (const body of this.deadMessages.splice(0)) this.send(body, now)
  }

  importQueue(worker: Worker): ImportQueue {
    return {
      send: (body, delaySeconds) =>
        worker.actOnAws(() => {
          this.send(body, worker.clock.now() + delaySeconds * 1000)
        }),
    }
  }

  /** @param refuses whether SQS refuses the next entry of a batch */
  deadLetterQueue(worker: Worker, refuses: () => boolean): DeadLetterQueue {
    return {
      sendBatch: (batch) =>
        worker.actOnAws(() =>
          batch.flatMap(({ body }, index) => {
            if (refuses()) return [{ index, code: 'InternalError', isSenderFault: false }]
            this.deadLetters.push(JSON.parse(body) as DeadLetter)
            return []
          }),
        ),
    }
  }

  #take(message: Message): void {
    this.#waiting.splice(this.#waiting.indexOf(message), 1)
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = new AbortController()
    changed.abort(CHANGED)
  }
}
