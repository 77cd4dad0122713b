import { randomUUID } from 'node:crypto'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { invalidParameter, noSuchResource, outOfBounds, unsupported } from './errors.ts'
import type { Messages } from './messages.ts'
import type { Queue, Queues } from './queues.ts'
import { inTransaction } from './store.ts'

type Row = Readonly<Record<string, SQLOutputValue>>

/** A task that this process runs. */
interface Run {
  readonly handle: string
  /** The rate counts from this time: the start of the task, or the restart of the process. */
  readonly since: number
  readonly movedBefore: number
  timer: NodeJS.Timeout | undefined
}

const MAX_RATE = 500
const TICK_MS = 100

/**
 * The message move tasks ("Start DLQ redrive" in the AWS console): each moves the messages that are in a dead-letter queue at its start, at a
 * limited rate. One task per queue.
 *
 * Tasks are stored in the database, so that a task continues after a restart, with the right count.
 */
export class MoveTasks {
  readonly #db: DatabaseSync
  readonly #queues: Queues
  readonly #messages: Messages
  readonly #now: () => number
  readonly #runs = new Map<string, Run>()

  constructor(db: DatabaseSync, queues: Queues, messages: Messages, now: () => number) {
    this.#db = db
    this.#queues = queues
    this.#messages = messages
    this.#now = now
    for (const task of db.prepare("SELECT * FROM move_tasks WHERE status = 'RUNNING'").all()) this.#run(task)
  }

  /**
   * @param destinationArn destination of all messages; default: each returns to the queue that it came from
   * @param ratePerSecond default: AWS chooses a rate
   * @returns the handle of the task
   */
  start(sourceArn: string, destinationArn: string | undefined, ratePerSecond: number | undefined): string {
    const source = this.#queues.byArn(sourceArn)
    if (source === undefined) throw noSuchResource('SourceArn')
    if (this.#queues.sourcesOf(source).length === 0)
      throw invalidParameter('Source queue must be configured as a Dead Letter Queue.')
    if (destinationArn !== undefined && this.#queues.byArn(destinationArn) === undefined) throw noSuchResource('DestinationArn')
    if (destinationArn === sourceArn) throw invalidParameter('Source queue and destination queue must be different.')
    if (ratePerSecond !== undefined && (ratePerSecond < 1 || ratePerSecond > MAX_RATE)) {
      throw outOfBounds('MaxNumberOfMessagesPerSecond', ratePerSecond, `Must be between 1 and ${MAX_RATE}, if provided.`)
    }
    if (this.#db.prepare("SELECT 1 FROM move_tasks WHERE source_arn = ? AND status = 'RUNNING'").get(sourceArn) !== undefined) {
      throw invalidParameter(
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
      )
    }
    const handle = Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn })).toString('base64')
    this.#db
      .prepare(
        "INSERT INTO move_tasks (handle, source_arn, destination_arn, rate, to_move, moved, status, started_at) VALUES (?, ?, ?, ?, ?, 0, 'RUNNING', ?)",
      )
      .run(handle, sourceArn, destinationArn ?? null, ratePerSecond ?? null, this.#messages.count(source).visible, this.#now())
    this.#run(this.#find(handle))
    return handle
  }

  /** Newest first. */
  list(sourceArn: string, max: number): readonly Row[] {
    if (this.#queues.byArn(sourceArn) === undefined) throw noSuchResource('SourceArn')
    return this.#db
      .prepare('SELECT * FROM move_tasks WHERE source_arn = ? ORDER BY number DESC LIMIT ?')
      .all(sourceArn, max)
      .map(toWire)
  }

  /** @returns the number of messages moved so far */
  cancel(handle: string): number {
    const task = this.#db.prepare('SELECT * FROM move_tasks WHERE handle = ?').get(handle)
    if (task === undefined) throw noSuchResource('TaskHandle')
    if (task.status !== 'RUNNING') throw unsupported(`Cancelling a task that is ${String(task.status)}`)
    this.#end(handle, 'CANCELLED')
    return Number(task.moved)
  }

  /** Moves the messages that are due now. */
  tick(): void {
    for (const run of this.#runs.values()) this.#tick(run)
  }

  /** Running tasks continue at the next start. */
  stop(): void {
    for (const { timer } of this.#runs.values()) clearTimeout(timer)
    this.#runs.clear()
  }

  #run(task: Row): void {
    const run: Run = { handle: String(task.handle), since: this.#now(), movedBefore: Number(task.moved), timer: undefined }
    this.#runs.set(run.handle, run)
    this.#schedule(run, 0)
  }

  #schedule(run: Run, delayMs: number): void {
    clearTimeout(run.timer)
    run.timer = setTimeout(() => {
      this.#tick(run)
    }, delayMs).unref()
  }

  #tick(run: Run): void {
    inTransaction(this.#db, () => {
      const task = this.#find(run.handle)
      const rate = Number(task.rate ?? MAX_RATE)
      const dueByNow = run.movedBefore + 1 + Math.floor(((this.#now() - run.since) / 1000) * rate)
      // At most the messages of one second, even if the computer was asleep.
      const due = Math.min(dueByNow - Number(task.moved), rate)
      for (let count = 0; count < due && this.#runs.has(run.handle); count += 1) this.#moveOne(task)
      if (this.#runs.has(run.handle)) this.#schedule(run, Math.max(TICK_MS, 1000 / rate))
    })
  }

  /** A moved message gets a new id, a new age and a delivery count of 0. */
  #moveOne(task: Row): void {
    const handle = String(task.handle)
    const source = this.#queues.byArn(String(task.source_arn))
    const row = source && this.#db.prepare(NEXT).get(source.name, Number(task.started_at))
    if (source === undefined) this.#end(handle, 'FAILED', 'AWS.SimpleQueueService.NonExistentQueue')
    else if (row === undefined) this.#end(handle, 'COMPLETED')
    else {
      const destination = this.#destination(task, row)
      if (typeof destination === 'string') {
        this.#end(handle, 'FAILED', destination)
        return
      }
      const now = this.#now()
      this.#db.prepare(MOVE).run(randomUUID(), destination.name, now, now, Number(row.sequence))
      this.#db.prepare('UPDATE move_tasks SET moved = moved + 1 WHERE handle = ?').run(handle)
      this.#messages.notifyWaiting(destination)
    }
  }

  /** @returns the queue, or the failure code: a message that a program sent to the dead-letter queue has no source queue */
  #destination(task: Row, message: Row): Queue | string {
    const arn = task.destination_arn ?? message.source_arn
    if (typeof arn !== 'string') return 'CouldNotDetermineMessageSource'
    return this.#queues.byArn(arn) ?? 'AWS.SimpleQueueService.NonExistentQueue'
  }

  #end(handle: string, status: 'COMPLETED' | 'CANCELLED' | 'FAILED', failure: string | null = null): void {
    clearTimeout(this.#runs.get(handle)?.timer)
    this.#runs.delete(handle)
    this.#db.prepare('UPDATE move_tasks SET status = ?, failure = ? WHERE handle = ?').run(status, failure, handle)
  }

  #find(handle: string): Row {
    const task = this.#db.prepare('SELECT * FROM move_tasks WHERE handle = ?').get(handle)
    if (task === undefined) throw new Error(`The move task ${handle} is not in the database.`)
    return task
  }
}

const NEXT = 'SELECT sequence, source_arn FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, sequence LIMIT 1'
const MOVE = `UPDATE messages SET id = ?, queue = ?, sent_at = ?, visible_at = ?, receive_count = 0, received_here = 0,
              first_received_at = NULL, received_at = NULL, receipt = NULL, source_arn = NULL WHERE sequence = ?`

/** As AWS lists it: only a running task has a handle, and absent values are left out. */
function toWire(task: Row): Row {
  const all: Row = {
    TaskHandle: task.status === 'RUNNING' ? (task.handle ?? null) : null,
    Status: task.status ?? null,
    SourceArn: task.source_arn ?? null,
    DestinationArn: task.destination_arn ?? null,
    MaxNumberOfMessagesPerSecond: task.rate ?? null,
    ApproximateNumberOfMessagesMoved: task.moved ?? null,
    ApproximateNumberOfMessagesToMove: task.to_move ?? null,
    FailureReason: task.failure ?? null,
    StartedTimestamp: task.started_at ?? null,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
}
