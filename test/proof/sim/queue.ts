import { readMessage } from '../../../lambda/intake/message.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { DEAD_LETTER_SCHEMA } from '../../../lambda/settle/dead-letter.ts'
import { wiringOf } from '../../../lib/wiring.ts'
import type { DeadLetters } from './dead-letters.ts'

export interface Message {
  readonly id: string
  readonly body: string
  readonly sentAt: number
  readonly work: MessageWork
  readonly isDeadLetter: boolean
  visibleAt: number
  receives: number
}

/** What a message asks for. */
export interface MessageWork {
  readonly kind: 'task' | 'line' | 'daily' | 'answer' | 'tag'
  /** The key and version of the file. */
  readonly file?: string
  /** Absent for the whole file. */
  readonly segment?: number
}

/** A message as one worker has received it. */
export interface Receipt {
  readonly message: Message
  /** Number of the delivery. */
  readonly delivery: number
}

export interface QueueHooks {
  /** A message was deleted. */
  deleted(message: Message): void
  /** Whether a message that is deleted appears again later. */
  isUndeleted(): boolean
  chance(): number
  readonly areStaleReceiptsAccepted: boolean
}

/** One shared abort reason, because creating an error with a stack is slow. */
const CHANGED = new Error('changed')

const { importQueue: WIRING } = wiringOf({ endpoint: '', overrides: {}, maximumConcurrency: 2, maxReceiveCount: 5 })

export function fileName({ key, etag }: { readonly key: string; readonly etag?: string | undefined }): string {
  return `${key}:${etag ?? ''}`
}

function workOf(body: string): MessageWork {
  const [work] = readMessage(body)
  if (work?.kind === 'task') {
    const { file, segment } = work.task
    return { kind: 'task', file: fileName(file), ...(segment !== undefined && { segment: segment.index }) }
  }
  if (work?.kind === 'dead-letter') return { kind: 'line', file: fileName(work.deadLetter.source) }
  if (work?.kind === 'tagged') return { kind: 'tag', file: fileName(work.file) }
  if (work?.kind === 'answer' && work.task.file !== undefined) return { kind: 'answer', file: fileName(work.task.file) }
  return { kind: 'daily' }
}

/** The event of S3 about a file. @param eventName for example `ObjectCreated:Put` */
export function eventOf(eventName: string, { bucket, key, versionId, etag }: SourceFile): string {
  const s3 = { bucket: { name: bucket }, object: { key, versionId, eTag: etag } }
  return JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName, s3 }] })
}

/** The simulated import queue. */
export class SimulatedQueue {
  readonly #waiting: Message[] = []
  readonly #deadLetters: DeadLetters
  readonly #hooks: QueueHooks
  #changed: AbortController | undefined
  #sent = 0

  constructor(deadLetters: DeadLetters, hooks: QueueHooks) {
    this.#deadLetters = deadLetters
    this.#hooks = hooks
  }

  send(body: string, sentAt: number, visibleAt: number): void {
    this.#sent += 1
    const isDeadLetter = body.includes(DEAD_LETTER_SCHEMA)
    this.#waiting.push({ id: `m${this.#sent}`, body, sentAt, work: workOf(body), isDeadLetter, visibleAt, receives: 0 })
    if (isDeadLetter) this.#deadLetters.keep(body)
    this.#notify()
  }

  get waiting(): readonly Message[] {
    return this.#waiting
  }

  /** Aborted at the next change of any message. */
  get changed(): AbortSignal {
    return (this.#changed ??= new AbortController()).signal
  }

  /** When the next message becomes visible, unless another one is sent first. */
  get nextVisibleAt(): number {
    return Math.min(...this.#waiting.map(({ visibleAt }) => visibleAt))
  }

  /** Receives the message that has been visible for longest. */
  receive(now: number): Receipt | undefined {
    for (;;) {
      let message: Message | undefined
      for (const each of this.#waiting)
        if (each.visibleAt <= now && (message === undefined || each.visibleAt < message.visibleAt)) message = each
      if (message === undefined) return undefined
      if (now - message.sentAt > WIRING.retentionSeconds * 1000) {
        this.#take(message)
        if (message.isDeadLetter) this.#deadLetters.discard(message.body)
        continue
      }
      message.receives += 1
      message.visibleAt = now + WIRING.visibilityTimeoutSeconds * 1000
      if (message.receives <= WIRING.maxReceiveCount) return { message, delivery: message.receives }
      this.#take(message)
      this.#deadLetters.moveHere(message)
    }
  }

  /** Changes when a message becomes visible. @returns false if SQS does not accept the receipt */
  hide(receipt: Receipt, now: number, visibleAt: number): boolean {
    const { message } = receipt
    if (!this.#waiting.includes(message) || message.visibleAt <= now || this.#isStale(receipt)) return false
    message.visibleAt = visibleAt
    this.#notify()
    return true
  }

  /** With a receipt that is not the last one, SQS may answer that all is well although it deletes nothing. */
  delete(receipt: Receipt, now: number): void {
    const { message } = receipt
    if (!this.#waiting.includes(message) || this.#isStale(receipt)) return
    this.#take(message)
    if (this.#hooks.isUndeleted()) {
      const visibleAt = now + this.#hooks.chance() * 600_000
      this.#waiting.push({ ...message, visibleAt })
    } else if (message.isDeadLetter) this.#deadLetters.discard(message.body)
    this.#hooks.deleted(message)
    this.#notify()
  }

  /** SQS delivers a message again although it is hidden. */
  show({ message }: Receipt, at: number): void {
    message.visibleAt = Math.min(message.visibleAt, at)
    this.#notify()
  }

  /** Loses a message that asks for a file or a segment. @returns the file */
  lose(chance: number): string | undefined {
    const tasks = this.#waiting.filter(({ work, isDeadLetter }) => work.kind === 'task' && !isDeadLetter)
    const message = tasks[Math.floor(chance * tasks.length)]
    if (message === undefined) return undefined
    this.#take(message)
    return message.work.file
  }

  /** Moves messages from the dead-letter queue to the import queue, as a person does. @returns whether there were any */
  redrive(now: number, isOnlyWork: boolean): boolean {
    const bodies = this.#deadLetters.redrive(now, isOnlyWork)
    for (const body of bodies) this.send(body, now, now)
    return bodies.length > 0
  }

  #isStale({ message, delivery }: Receipt): boolean {
    return delivery !== message.receives && !this.#hooks.areStaleReceiptsAccepted
  }

  #take(message: Message): void {
    this.#waiting.splice(this.#waiting.indexOf(message), 1)
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = undefined
    changed?.abort(CHANGED)
  }
}
