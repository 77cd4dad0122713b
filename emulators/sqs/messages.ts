import { randomUUID } from 'node:crypto'
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { MessageAttributes } from './content.ts'
import { outOfBounds, SqsError } from './errors.ts'
import { numberOf, redrivePolicyOf } from './queue-attributes.ts'
import type { Queue, Queues } from './queues.ts'
import { inTransaction } from './store.ts'

/** A delivered message. Times are milliseconds since 1970. */
export interface Received {
  readonly id: string
  readonly body: string
  readonly attributes: MessageAttributes
  readonly receiptHandle: string
  readonly sentAt: number
  /** Deliveries in all queues that it was in. */
  readonly receiveCount: number
  readonly firstReceivedAt: number
  /** The queue whose redrive policy moved it here. */
  readonly sourceArn: string | undefined
}

export interface ReceiveOptions {
  readonly max: number
  readonly visibilitySeconds: number
  /** Whether the newest message comes first. */
  readonly newestFirst?: boolean
  /** How many of them are delivered twice, as SQS may. */
  readonly duplicates?: number
}

const MAX_VISIBILITY_MS = 43_200_000
/** The longest wait that a receive request may ask for. */
const MAX_WAIT_MS = 20_000

/**
 * The messages of all queues.
 *
 * The state of a message is one timestamp, `visible_at`: in flight, delayed and visible messages differ in nothing else. So no timer has to
 * run when a visibility timeout or a delay ends.
 */
export class Messages {
  readonly #db: DatabaseSync
  readonly #queues: Queues
  readonly #now: () => number
  /** Ends the wait of each receive request that waits, by queue, in the order in which they came. */
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(db: DatabaseSync, queues: Queues, now: () => number) {
    this.#db = db
    this.#queues = queues
    this.#now = now
    this.#sql = {
      send: db.prepare(SQL.send),
      sendBody: db.prepare(SQL.sendBody),
      oldest: db.prepare(SQL.oldest),
      newest: db.prepare(SQL.newest),
      deliver: db.prepare(SQL.deliver),
      duplicate: db.prepare(SQL.duplicate),
      moveToDeadLetters: db.prepare(SQL.moveToDeadLetters),
      expire: db.prepare(SQL.expire),
      delete: db.prepare(SQL.delete),
      inFlight: db.prepare(SQL.inFlight),
      setVisibleAt: db.prepare(SQL.setVisibleAt),
      nextVisibleAt: db.prepare(SQL.nextVisibleAt),
    }
  }

  /** @returns the message's id */
  send(
    queue: Queue,
    body: string,
    attributes: MessageAttributes,
    delaySeconds = numberOf(queue.attributes, 'DelaySeconds'),
  ): string {
    const id = randomUUID()
    const now = this.#now()
    this.transaction(() => {
      const { lastInsertRowid } = this.#sql.send.run(id, queue.name, JSON.stringify(attributes), now, now + delaySeconds * 1000)
      this.#sql.sendBody.run(lastInsertRowid, body)
    })
    this.#notifyOfOne(queue, delaySeconds)
    return id
  }

  /** Delivers visible messages. A message that was delivered too often goes to the dead-letter queue instead, and keeps its age. */
  receive(queue: Queue, { max, visibilitySeconds, newestFirst = false, duplicates = 0 }: ReceiveOptions): readonly Received[] {
    return this.transaction(() => {
      this.#removeExpired(queue)
      const now = this.#now()
      const rows = this.#deliverable(queue, newestFirst ? this.#sql.newest : this.#sql.oldest, max)
      return rows.map((row, index) => {
        const sequence = Number(row.sequence)
        const receipt = randomUUID()
        this.#sql.deliver.run(now + visibilitySeconds * 1000, receipt, now, now, sequence)
        if (index < duplicates) {
          const { lastInsertRowid } = this.#sql.duplicate.run(now, sequence)
          this.#sql.sendBody.run(lastInsertRowid, String(row.body))
        }
        return toReceived(row, queue, receipt, now)
      })
    })
  }

  /** Returns visible messages, and moves those with too many deliveries to the dead-letter queue. */
  #deliverable(queue: Queue, select: StatementSync, max: number): readonly Row[] {
    const now = this.#now()
    const policy = redrivePolicyOf(queue.attributes)
    const deadLetters = policy && this.#queues.byArn(policy.deadLetterTargetArn)
    for (;;) {
      const rows = select.all(queue.name, now, max)
      // If the dead-letter queue does not exist, messages stay in their queue.
      if (policy === undefined || deadLetters === undefined) return rows
      const exhausted = rows.filter((row) => Number(row.received_here) >= policy.maxReceiveCount)
      if (exhausted.length === 0) return rows
      for (const { sequence } of exhausted) this.#sql.moveToDeadLetters.run(deadLetters.name, queue.arn, now, Number(sequence))
      this.notifyWaiting(deadLetters)
    }
  }

  /** As in SQS, a receipt handle that a later delivery has replaced deletes nothing. @throws SqsError for an invalid receipt handle */
  delete(queue: Queue, handle: string): void {
    const { sequence, receipt } = parseHandle(queue, handle)
    this.#sql.delete.run(sequence, queue.name, receipt)
  }

  /**
   * As on AWS, the call has no effect if the message is visible again, or was delivered again with a newer receipt handle.
   *
   * @throws SqsError for an invalid receipt handle, for a deleted message, and beyond twelve hours after its delivery
   */
  changeVisibility(queue: Queue, handle: string, seconds: number): void {
    const { sequence, receipt } = parseHandle(queue, handle)
    const row = this.#sql.inFlight.get(sequence, queue.name)
    if (row === undefined) {
      throw outOfBounds('ReceiptHandle', handle, 'Message does not exist or is not available for visibility timeout change.')
    }
    const now = this.#now()
    if (row.receipt !== receipt || Number(row.visible_at) <= now) return
    if (now + seconds * 1000 > Number(row.received_at) + MAX_VISIBILITY_MS) {
      throw outOfBounds(
        'VisibilityTimeout',
        seconds,
        'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
      )
    }
    this.#sql.setVisibleAt.run(now + seconds * 1000, sequence)
    this.#notifyOfOne(queue, seconds)
  }

  purge(queue: Queue): void {
    this.#db.prepare('DELETE FROM messages WHERE queue = ?').run(queue.name)
  }

  count(queue: Queue): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    this.#removeExpired(queue)
    const row = this.#db.prepare(COUNT).get(this.#now(), queue.name)
    return { visible: Number(row?.visible), inFlight: Number(row?.in_flight), delayed: Number(row?.delayed) }
  }

  /** Makes messages in flight visible after some time, as if they had not been delivered: their consumers ended with the process. */
  releaseInFlight(afterMs: number): void {
    const now = this.#now()
    this.#db.prepare(RELEASE).run(now, now + afterMs)
  }

  /** Makes delayed messages visible. */
  endDelays(): void {
    this.#db.prepare('UPDATE messages SET visible_at = ?1 WHERE receipt IS NULL AND visible_at > ?1').run(this.#now())
  }

  /** Commits all changes that `work` makes, or none of them. */
  transaction<T>(work: () => T): T {
    return this.#db.isTransaction ? work() : inTransaction(this.#db, work)
  }

  /** Makes the receive requests that wait on a queue, or on any queue, check again after the current transaction has ended. */
  notifyWaiting(queue?: Queue): void {
    const waiting = queue === undefined ? [...this.#waiting.values()] : [this.#waitingOn(queue)]
    for (const endWait of waiting.flatMap((waits) => [...waits])) endWait()
  }

  /** Makes the request that has waited longest check again: it may be able to receive a message that it does not know of. */
  notifyOne(queue: Queue): void {
    const [endWait] = this.#waitingOn(queue)
    endWait?.()
  }

  /** If all requests woke up for each message, all but one would find nothing. */
  #notifyOfOne(queue: Queue, visibleInSeconds: number): void {
    if (visibleInSeconds === 0) this.notifyOne(queue)
    else if (visibleInSeconds * 1000 <= MAX_WAIT_MS) this.notifyWaiting(queue) // any of them may still wait then
  }

  #waitingOn({ name }: Queue): Set<() => void> {
    const waiting = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, waiting)
    return waiting
  }

  /** Waits until a message may be deliverable: one arrives, or one becomes visible. Resolves after `maxMs` at the latest. */
  async arrival(queue: Queue, maxMs: number, signal: AbortSignal): Promise<void> {
    const next = this.#sql.nextVisibleAt.get(queue.name)?.at
    const visibleInMs = typeof next === 'number' ? next - this.#now() : Infinity
    const waiting = this.#waitingOn(queue)
    await new Promise<void>((resolve) => {
      const endWait = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', endWait)
        waiting.delete(endWait)
        resolve()
      }
      const timer = setTimeout(endWait, Math.max(1, Math.min(maxMs, visibleInMs))).unref()
      signal.addEventListener('abort', endWait)
      waiting.add(endWait)
    })
  }

  #removeExpired({ name, attributes }: Queue): void {
    this.#sql.expire.run(name, this.#now() - numberOf(attributes, 'MessageRetentionPeriod') * 1000)
  }
}

const SQL = {
  send: `INSERT INTO messages (id, queue, attributes, sent_at, visible_at, receive_count, received_here) VALUES (?, ?, ?, ?, ?, 0, 0)`,
  sendBody: 'INSERT INTO bodies (sequence, body) VALUES (?, ?)',
  oldest:
    'SELECT * FROM messages JOIN bodies USING (sequence) WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, sequence LIMIT ?',
  newest:
    'SELECT * FROM messages JOIN bodies USING (sequence) WHERE queue = ? AND visible_at <= ? ORDER BY visible_at DESC, sequence DESC LIMIT ?',
  deliver: `UPDATE messages SET visible_at = ?, receipt = ?, received_at = ?, first_received_at = coalesce(first_received_at, ?),
            receive_count = receive_count + 1, received_here = received_here + 1 WHERE sequence = ?`,
  duplicate: `INSERT INTO messages (id, queue, attributes, sent_at, visible_at, receive_count, received_here, first_received_at, source_arn)
         SELECT id, queue, attributes, sent_at, ?, receive_count, received_here, first_received_at, source_arn FROM messages WHERE sequence = ?`,
  moveToDeadLetters:
    'UPDATE messages SET queue = ?, source_arn = ?, visible_at = ?, received_here = 0, receipt = NULL WHERE sequence = ?',
  expire: 'DELETE FROM messages WHERE queue = ? AND sent_at <= ?',
  delete: 'DELETE FROM messages WHERE sequence = ? AND queue = ? AND receipt = ?',
  inFlight: 'SELECT receipt, visible_at, received_at FROM messages WHERE sequence = ? AND queue = ?',
  setVisibleAt: 'UPDATE messages SET visible_at = ? WHERE sequence = ?',
  nextVisibleAt: 'SELECT min(visible_at) AS at FROM messages WHERE queue = ?',
} as const

const RELEASE = `UPDATE messages SET visible_at = ?2, receive_count = receive_count - 1, received_here = received_here - 1
                 WHERE receipt IS NOT NULL AND visible_at > ?1`

const COUNT = `SELECT count(*) FILTER (WHERE visible_at <= ?1) AS visible,
                      count(*) FILTER (WHERE visible_at > ?1 AND receipt IS NOT NULL) AS in_flight,
                      count(*) FILTER (WHERE visible_at > ?1 AND receipt IS NULL) AS delayed
               FROM messages WHERE queue = ?2`

type Row = Readonly<Record<string, SQLOutputValue>>

function toReceived(row: Row, queue: Queue, receipt: string, now: number): Received {
  return {
    id: String(row.id),
    body: String(row.body),
    attributes: JSON.parse(String(row.attributes)) as MessageAttributes, // only `send` writes the column
    receiptHandle: Buffer.from(JSON.stringify([queue.name, row.sequence, receipt])).toString('base64'),
    sentAt: Number(row.sent_at),
    receiveCount: Number(row.receive_count) + 1,
    firstReceivedAt: Number(row.first_received_at ?? now),
    sourceArn: typeof row.source_arn === 'string' ? row.source_arn : undefined,
  }
}

function parseHandle(queue: Queue, handle: string): { readonly sequence: number; readonly receipt: string } {
  try {
    const [name, sequence, receipt] = JSON.parse(Buffer.from(handle, 'base64').toString()) as readonly unknown[]
    if (name === queue.name && typeof sequence === 'number' && typeof receipt === 'string') return { sequence, receipt }
  } catch {
    // not a handle of this emulator
  }
  throw new SqsError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not a valid receipt handle.`)
}
