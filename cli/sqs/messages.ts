import { randomUUID } from 'node:crypto'
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { SqsError } from './errors.ts'
import type { MessageAttributes } from './md5.ts'
import { redrivePolicyOf, secondsOf, type Queue, type Queues } from './queues.ts'
import { inTransaction } from './store.ts'

/** A message that was handed out. */
export interface Received {
  readonly id: string
  readonly body: string
  readonly attributes: MessageAttributes | undefined
  readonly receipt: string
  readonly sentAt: number
  readonly receiveCount: number
  readonly firstReceivedAt: number
  readonly sourceArn: string | undefined
}

export interface Counts {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
}

/** Messages of all queues. Time is `visible_at`: a message that is out, delayed or waiting differs in nothing else. */
export class Messages {
  readonly #db: DatabaseSync
  readonly #queues: Queues
  readonly #now: () => number
  readonly #insert: StatementSync
  readonly #nextVisible: StatementSync
  readonly #handOut: StatementSync
  readonly #moveOn: StatementSync
  readonly #expire: StatementSync

  constructor(db: DatabaseSync, queues: Queues, now: () => number) {
    this.#db = db
    this.#queues = queues
    this.#now = now
    this.#insert = db.prepare('INSERT INTO messages (id, queue, body, attributes, sent_at, visible_at) VALUES (?, ?, ?, ?, ?, ?)')
    this.#nextVisible = db.prepare('SELECT * FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, sequence LIMIT 1')
    this.#handOut = db.prepare(
      'UPDATE messages SET receive_count = receive_count + 1, visible_at = ?, receipt = ?, first_received_at = coalesce(first_received_at, ?) WHERE sequence = ?',
    )
    this.#moveOn = db.prepare('UPDATE messages SET queue = ?, source_arn = ?, receive_count = 0, receipt = NULL, visible_at = ? WHERE sequence = ?')
    this.#expire = db.prepare('DELETE FROM messages WHERE queue = ? AND sent_at < ?')
  }

  /** @returns the message's id */
  send(queue: Queue, body: string, attributes: MessageAttributes | undefined, delaySeconds = secondsOf(queue, 'DelaySeconds')): string {
    const id = randomUUID()
    const now = this.#now()
    this.#insert.run(id, queue.name, body, attributes === undefined ? null : JSON.stringify(attributes), now, now + delaySeconds * 1000)
    return id
  }

  /** Hands out what is visible; what was handed out too often goes to the dead-letter queue instead, as old as it is. */
  receive(queue: Queue, max: number, visibilitySeconds: number): readonly Received[] {
    return inTransaction(this.#db, () => {
      this.#dropExpired(queue)
      const policy = redrivePolicyOf(queue)
      const deadLetters = policy && this.#queues.byArn(policy.deadLetterTargetArn)
      const received: Received[] = []
      while (received.length < max) {
        const now = this.#now()
        const row = this.#nextVisible.get(queue.name, now)
        if (row === undefined) break
        const sequence = Number(row.sequence)
        if (policy !== undefined && deadLetters !== undefined && Number(row.receive_count) >= policy.maxReceiveCount) {
          this.#moveOn.run(deadLetters.name, queue.arn, now, sequence)
          continue
        }
        const receipt = randomUUID()
        // A message that may be seen again at once must not be handed out twice in one answer.
        this.#handOut.run(Math.max(now + visibilitySeconds * 1000, now + 1), receipt, now, sequence)
        received.push(toReceived(row, queue, receipt, now))
      }
      return received
    })
  }

  /** Deleting with a receipt that another delivery has replaced does nothing, as in SQS. @throws SqsError for what is no receipt of this queue */
  delete(queue: Queue, handle: string | undefined): void {
    const { id, receipt } = parseHandle(queue, handle)
    this.#db.prepare('DELETE FROM messages WHERE id = ? AND queue = ? AND receipt = ?').run(id, queue.name, receipt)
  }

  changeVisibility(queue: Queue, handle: string | undefined, seconds: number): void {
    const { id, receipt } = parseHandle(queue, handle)
    const now = this.#now()
    const change = this.#db.prepare('UPDATE messages SET visible_at = ? WHERE id = ? AND queue = ? AND receipt = ? AND visible_at > ?')
    if (change.run(now + seconds * 1000, id, queue.name, receipt, now).changes > 0) return
    throw new SqsError(
      'com.amazonaws.sqs#MessageNotInflight',
      `Value ${handle ?? ''} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      'AWS.SimpleQueueService.MessageNotInflight',
    )
  }

  purge(queue: Queue): void {
    this.#db.prepare('DELETE FROM messages WHERE queue = ?').run(queue.name)
  }

  count(queue: Queue): Counts {
    this.#dropExpired(queue)
    const row = this.#db
      .prepare(
        `SELECT count(*) FILTER (WHERE visible_at <= ?1) AS visible,
                count(*) FILTER (WHERE visible_at > ?1 AND receipt IS NOT NULL) AS in_flight,
                count(*) FILTER (WHERE visible_at > ?1 AND receipt IS NULL) AS delayed
         FROM messages WHERE queue = ?2`,
      )
      .get(this.#now(), queue.name)
    return { visible: Number(row?.visible), inFlight: Number(row?.in_flight), delayed: Number(row?.delayed) }
  }

  /** When a message of the queue becomes visible next, or undefined where there is none. */
  nextVisibleAt(queue: Queue): number | undefined {
    const at = this.#db.prepare('SELECT min(visible_at) AS at FROM messages WHERE queue = ?').get(queue.name)?.at
    return typeof at === 'number' ? at : undefined
  }

  /** Moves the oldest visible message as a move task does: it begins anew, with a new age. @returns false where there is none */
  moveOne(from: Queue, destination: (sourceArn: string | undefined) => Queue): boolean {
    return inTransaction(this.#db, () => {
      const now = this.#now()
      const row = this.#nextVisible.get(from.name, now)
      if (row === undefined) return false
      const target = destination(typeof row.source_arn === 'string' ? row.source_arn : undefined)
      this.#db
        .prepare(
          'UPDATE messages SET queue = ?, sent_at = ?, visible_at = ?, receive_count = 0, first_received_at = NULL, receipt = NULL, source_arn = NULL WHERE sequence = ?',
        )
        .run(target.name, now, now, Number(row.sequence))
      return true
    })
  }

  /** Whoever had a message when the process died is dead as well. */
  releaseInFlight(): void {
    this.#db.prepare('UPDATE messages SET visible_at = ? WHERE receipt IS NOT NULL AND visible_at > ?').run(this.#now(), this.#now())
  }

  #dropExpired(queue: Queue): void {
    this.#expire.run(queue.name, this.#now() - secondsOf(queue, 'MessageRetentionPeriod') * 1000)
  }
}

function toReceived(row: Record<string, SQLOutputValue>, queue: Queue, receipt: string, now: number): Received {
  const id = String(row.id)
  return {
    id,
    body: String(row.body),
    // Only `send` writes the column.
    attributes: typeof row.attributes === 'string' ? (JSON.parse(row.attributes) as MessageAttributes) : undefined,
    receipt: Buffer.from(JSON.stringify([queue.name, id, receipt])).toString('base64'),
    sentAt: Number(row.sent_at),
    receiveCount: Number(row.receive_count) + 1,
    firstReceivedAt: Number(row.first_received_at ?? now),
    sourceArn: typeof row.source_arn === 'string' ? row.source_arn : undefined,
  }
}

function parseHandle(queue: Queue, handle = ''): { readonly id: string; readonly receipt: string } {
  try {
    const [name, id, receipt] = JSON.parse(Buffer.from(handle, 'base64').toString()) as readonly unknown[]
    if (name === queue.name && typeof id === 'string' && typeof receipt === 'string') return { id, receipt }
  } catch {
    // Not one of ours, as below.
  }
  throw new SqsError(
    'com.amazonaws.sqs#ReceiptHandleIsInvalid',
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
    'ReceiptHandleIsInvalid',
  )
}
