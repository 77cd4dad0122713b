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

/** A reason that is there already costs less than one with a stack. */
const WOKEN = new Error('woken')

const MAX_RECEIVES = 5
/** As the handler keeps a message out of sight while it works on it. */
const HIDDEN_MS = 180_000

/** SQS: the import queue, and behind it the dead letters. */
export class Queues {
  readonly #waiting: Writable<Message>[] = []
  #changed = new AbortController()
  #sent = 0
  /** Messages that were delivered too often: work, not lines. */
  readonly buried: string[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly #onDeleted: () => void

  constructor(onDeleted: () => void) {
    this.#onDeleted = onDeleted
  }

  send(body: string, visibleAt: number): void {
    this.#sent += 1
    this.#waiting.push({ id: `m${this.#sent}`, body, visibleAt, receives: 0 })
    this.#tell()
  }

  get waiting(): readonly Message[] {
    return this.#waiting
  }

  /** Raised when the next thing happens to a message. */
  get changed(): AbortSignal {
    return this.#changed.signal
  }

  /** When a message is next to be seen, if none comes before. */
  get nextVisibleAt(): number {
    return Math.min(...this.#waiting.map(({ visibleAt }) => visibleAt))
  }

  /** The message that is visible, and has been for longest. */
  receive(now: number): Message | undefined {
    for (;;) {
      const message = this.#waiting.filter(({ visibleAt }) => visibleAt <= now).toSorted((a, b) => a.visibleAt - b.visibleAt)[0]
      if (message === undefined) return undefined
      message.receives += 1
      message.visibleAt = Infinity
      if (message.receives <= MAX_RECEIVES) return message
      this.#take(message)
      this.buried.push(message.body)
    }
  }

  /** Has a message be seen again at that time. */
  show(message: Message, visibleAt: number): void {
    const waiting = this.#waiting.find((each) => each === message)
    if (waiting !== undefined) waiting.visibleAt = visibleAt
    this.#tell()
  }

  /** Where the worker died with it. */
  abandon(message: Message, now: number): void {
    this.show(message, now + HIDDEN_MS)
  }

  delete(message: Message): void {
    if (!this.#waiting.includes(message)) return
    this.#take(message)
    this.#onDeleted()
    this.#tell()
  }

  /** As an operator does, who looks at the dead-letter queue. */
  redrive(now: number): void {
    for (const body of this.buried.splice(0)) this.send(body, now)
  }

  importQueue(worker: Worker): ImportQueue {
    return {
      send: (body, delaySeconds) =>
        worker.actInCloud(() => {
          this.send(body, worker.clock.now() + delaySeconds * 1000)
        }),
    }
  }

  /** @param refuses whether the next entry is refused while others are taken */
  deadLetterQueue(worker: Worker, refuses: () => boolean): DeadLetterQueue {
    return {
      sendBatch: (batch) =>
        worker.actInCloud(() =>
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

  #tell(): void {
    const changed = this.#changed
    this.#changed = new AbortController()
    changed.abort(WOKEN)
  }
}
