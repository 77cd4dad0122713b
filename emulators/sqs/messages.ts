import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { MessageAttributes } from './content.ts'
import { outOfBounds, SqsError } from './errors.ts'
import { numberOf, redrivePolicyOf } from './queue-attributes.ts'
import type { Queue, Queues } from './queues.ts'
import { inTransaction } from './store.ts'

/** A message that was handed out. Times are milliseconds since 1970. */
export interface Received {
  readonly id: string
  readonly body: string
  readonly attributes: MessageAttributes
  readonly receiptHandle: string
  readonly sentAt: number
  /** In all queues that it was in. */
  readonly receiveCount: number
  readonly firstReceivedAt: number
  /** The queue whose redrive policy moved it here. */
  readonly sourceArn: string | undefined
}

export interface ReceiveOptions {
  readonly max: number
  readonly visibilitySeconds: number
  /** Whether the one that waits longest comes last. */
  readonly newestFirst?: boolean
  /** How many of them are handed out once more, as SQS may. */
  readonly twins?: number
}

const LONGEST_OUT_MS = 43_200_000

/**
 * The messages of all queues. Their whole state is a moment, `visible_at`: a message that is out, delayed or waiting differs in
 * nothing else, so that nothing has to happen when a time is over.
 */
export class Messages {
  readonly #db: DatabaseSync
  readonly #queues: Queues
  readonly #now: () => number
  readonly #arrivals = new EventEmitter().setMaxListeners(0)
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(db: DatabaseSync, queues: Queues, now: () => number) {
    this.#db = db
    this.#queues = queues
    this.#now = now
    this.#sql = {
      send: db.prepare(SQL.send),
      oldest: db.prepare(SQL.oldest),
      newest: db.prepare(SQL.newest),
      handOut: db.prepare(SQL.handOut),
      twin: db.prepare(SQL.twin),
      bury: db.prepare(SQL.bury),
      expire: db.prepare(SQL.expire),
      delete: db.prepare(SQL.delete),
      out: db.prepare(SQL.out),
      show: db.prepare(SQL.show),
      next: db.prepare(SQL.next),
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
    this.#sql.send.run(id, queue.name, body, JSON.stringify(attributes), now, now + delaySeconds * 1000)
    this.tell(queue)
    return id
  }

  /** Hands out what is visible; what was handed out too often goes to the dead-letter queue instead, as old as it is. */
  receive(queue: Queue, { max, visibilitySeconds, newestFirst = false, twins = 0 }: ReceiveOptions): readonly Received[] {
    return this.together(() => {
      this.#removeExpired(queue)
      const now = this.#now()
      const rows = this.#deliverable(queue, newestFirst ? this.#sql.newest : this.#sql.oldest, max)
      return rows.map((row, index) => {
        const sequence = Number(row.sequence)
        const receipt = randomUUID()
        this.#sql.handOut.run(now + visibilitySeconds * 1000, receipt, now, now, sequence)
        if (index < twins) this.#sql.twin.run(now, sequence)
        return toReceived(row, queue, receipt, now)
      })
    })
  }

  /** Visible messages that may be handed out once more; those that may not are buried on the way. */
  #deliverable(queue: Queue, select: StatementSync, max: number): readonly Row[] {
    const now = this.#now()
    const policy = redrivePolicyOf(queue.attributes)
    const deadLetters = policy && this.#queues.byArn(policy.deadLetterTargetArn)
    for (;;) {
      const rows = select.all(queue.name, now, max)
      // Without its dead-letter queue a message stays where it is.
      if (policy === undefined || deadLetters === undefined) return rows
      const exhausted = rows.filter((row) => Number(row.received_here) >= policy.maxReceiveCount)
      if (exhausted.length === 0) return rows
      for (const { sequence } of exhausted) this.#sql.bury.run(deadLetters.name, queue.arn, now, Number(sequence))
      this.tell(deadLetters)
    }
  }

  /** Deleting with a receipt that a later delivery has replaced does nothing, as in SQS. @throws SqsError for what is no receipt of this queue */
  delete(queue: Queue, handle: string): void {
    const { sequence, receipt } = parseHandle(queue, handle)
    this.#sql.delete.run(sequence, queue.name, receipt)
  }

  /**
   * Of a message that is visible again, or out with a newer receipt, AWS accepts the change and makes none.
   *
   * @throws SqsError for what is no receipt of this queue, for a message that is gone, and beyond twelve hours from its delivery
   */
  changeVisibility(queue: Queue, handle: string, seconds: number): void {
    const { sequence, receipt } = parseHandle(queue, handle)
    const row = this.#sql.out.get(sequence, queue.name)
    if (row === undefined) {
      throw outOfBounds('ReceiptHandle', handle, 'Message does not exist or is not available for visibility timeout change.')
    }
    const now = this.#now()
    if (row.receipt !== receipt || Number(row.visible_at) <= now) return
    if (now + seconds * 1000 > Number(row.received_at) + LONGEST_OUT_MS) {
      throw outOfBounds(
        'VisibilityTimeout',
        seconds,
        'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
      )
    }
    this.#sql.show.run(now + seconds * 1000, sequence)
    this.tell(queue)
  }

  purge(queue: Queue): void {
    this.#db.prepare('DELETE FROM messages WHERE queue = ?').run(queue.name)
  }

  count(queue: Queue): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    this.#removeExpired(queue)
    const row = this.#db.prepare(COUNT).get(this.#now(), queue.name)
    return { visible: Number(row?.visible), inFlight: Number(row?.in_flight), delayed: Number(row?.delayed) }
  }

  /** Whoever had a message when the process died is dead as well. */
  releaseInFlight(): void {
    this.#db.prepare('UPDATE messages SET visible_at = ?1 WHERE receipt IS NOT NULL AND visible_at > ?1').run(this.#now())
  }

  /** What was put off is seen at once. */
  endDelays(): void {
    this.#db.prepare('UPDATE messages SET visible_at = ?1 WHERE receipt IS NULL AND visible_at > ?1').run(this.#now())
  }

  /** All changes that `work` makes, or none of them. */
  together<T>(work: () => T): T {
    return this.#db.isTransaction ? work() : inTransaction(this.#db, work)
  }

  /** Whoever waits for the queue looks again; without a queue, everybody does. They do so later, when a transaction around this is through. */
  tell(queue?: Queue): void {
    const events = queue === undefined ? this.#arrivals.eventNames().filter((name) => name !== 'error') : [arrivalAt(queue)]
    for (const name of events) this.#arrivals.emit(name)
  }

  /** Waits, at most so long, until there may be something to hand out: a message came, or one becomes visible by itself. */
  async arrival(queue: Queue, atMostMs: number, signal: AbortSignal): Promise<void> {
    const next = this.#sql.next.get(queue.name)?.at
    const visibleInMs = typeof next === 'number' ? next - this.#now() : Infinity
    const over = new AbortController()
    const timer = setTimeout(
      () => {
        over.abort()
      },
      Math.max(1, Math.min(atMostMs, visibleInMs)),
    ).unref()
    // Both ends of the wait are told as an abort, which is no error here.
    await once(this.#arrivals, arrivalAt(queue), { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined)
    clearTimeout(timer)
  }

  #removeExpired({ name, attributes }: Queue): void {
    this.#sql.expire.run(name, this.#now() - numberOf(attributes, 'MessageRetentionPeriod') * 1000)
  }
}

/** Not the name alone: an emitter does other things with an event called `error`. */
function arrivalAt({ name }: Queue): string {
  return `arrival at ${name}`
}

const SQL = {
  send: `INSERT INTO messages (id, queue, body, attributes, sent_at, visible_at, receive_count, received_here) VALUES (?, ?, ?, ?, ?, ?, 0, 0)`,
  oldest: 'SELECT * FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, sequence LIMIT ?',
  newest: 'SELECT * FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at DESC, sequence DESC LIMIT ?',
  handOut: `UPDATE messages SET visible_at = ?, receipt = ?, received_at = ?, first_received_at = coalesce(first_received_at, ?),
            receive_count = receive_count + 1, received_here = received_here + 1 WHERE sequence = ?`,
  twin: `INSERT INTO messages (id, queue, body, attributes, sent_at, visible_at, receive_count, received_here, first_received_at, source_arn)
         SELECT id, queue, body, attributes, sent_at, ?, receive_count, received_here, first_received_at, source_arn FROM messages WHERE sequence = ?`,
  bury: 'UPDATE messages SET queue = ?, source_arn = ?, visible_at = ?, received_here = 0, receipt = NULL WHERE sequence = ?',
  expire: 'DELETE FROM messages WHERE queue = ? AND sent_at <= ?',
  delete: 'DELETE FROM messages WHERE sequence = ? AND queue = ? AND receipt = ?',
  out: 'SELECT receipt, visible_at, received_at FROM messages WHERE sequence = ? AND queue = ?',
  show: 'UPDATE messages SET visible_at = ? WHERE sequence = ?',
  next: 'SELECT min(visible_at) AS at FROM messages WHERE queue = ?',
} as const

const COUNT = `SELECT count(*) FILTER (WHERE visible_at <= ?1) AS visible,
                      count(*) FILTER (WHERE visible_at > ?1 AND receipt IS NOT NULL) AS in_flight,
                      count(*) FILTER (WHERE visible_at > ?1 AND receipt IS NULL) AS delayed
               FROM messages WHERE queue = ?2`

type Row = Readonly<Record<string, SQLOutputValue>>

function toReceived(row: Row, queue: Queue, receipt: string, now: number): Received {
  return {
    id: String(row.id),
    body: String(row.body),
    // Only `send` writes the column.
    attributes: JSON.parse(String(row.attributes)) as MessageAttributes,
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
    // Not one of ours, as below.
  }
  throw new SqsError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not a valid receipt handle.`)
}
