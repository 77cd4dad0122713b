import { randomUUID } from 'node:crypto'
import { invalidParameter, noSuchResource } from './errors.ts'
import type { Messages } from './messages.ts'
import type { Queue, Queues } from './queues.ts'

interface MoveTask {
  readonly handle: string
  readonly sourceArn: string
  readonly destinationArn: string | undefined
  readonly ratePerSecond: number
  readonly toMove: number
  readonly startedAt: number
  moved: number
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED'
  failure: string | undefined
}

const MAX_RATE = 500
const TICK_MS = 100

/** What the console's "Start DLQ redrive" starts: moves messages out of a dead-letter queue, at a pace, one task for a queue. */
export class MoveTasks {
  readonly #queues: Queues
  readonly #messages: Messages
  readonly #now: () => number
  readonly #onMoved: (queue: Queue) => void
  readonly #tasks: MoveTask[] = []
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(queues: Queues, messages: Messages, now: () => number, onMoved: (queue: Queue) => void) {
    this.#queues = queues
    this.#messages = messages
    this.#now = now
    this.#onMoved = onMoved
  }

  start(sourceArn: string, destinationArn: string | undefined, ratePerSecond = MAX_RATE): string {
    const source = this.#queues.byArn(sourceArn)
    if (source === undefined) throw noSuchResource('SourceArn')
    if (this.#queues.sourcesOf(source).length === 0) throw invalidParameter('Source queue must be configured as a Dead Letter Queue.')
    if (destinationArn !== undefined && this.#queues.byArn(destinationArn) === undefined) throw noSuchResource('DestinationArn')
    if (ratePerSecond < 1 || ratePerSecond > MAX_RATE) throw invalidParameter(`MaxNumberOfMessagesPerSecond must be between 1 and ${MAX_RATE}.`)
    if (this.#tasks.some((task) => task.sourceArn === sourceArn && task.status === 'RUNNING')) {
      throw invalidParameter('There is already a task running. Only one active task is allowed for a source queue arn at a given time.')
    }
    const task: MoveTask = {
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn })).toString('base64'),
      sourceArn,
      destinationArn,
      ratePerSecond,
      toMove: this.#messages.count(source).visible,
      startedAt: this.#now(),
      moved: 0,
      status: 'RUNNING',
      failure: undefined,
    }
    this.#tasks.unshift(task)
    this.#schedule(task, source, 0)
    return task.handle
  }

  list(sourceArn: string, max = 1): readonly Record<string, unknown>[] {
    return this.#tasks
      .filter((task) => task.sourceArn === sourceArn)
      .slice(0, max)
      .map((task) => ({
        ...(task.status === 'RUNNING' && { TaskHandle: task.handle }),
        Status: task.status,
        SourceArn: task.sourceArn,
        ...(task.destinationArn !== undefined && { DestinationArn: task.destinationArn }),
        MaxNumberOfMessagesPerSecond: task.ratePerSecond,
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.toMove,
        ...(task.failure !== undefined && { FailureReason: task.failure }),
        StartedTimestamp: task.startedAt,
      }))
  }

  /** @returns how many had been moved by then */
  cancel(handle: string | undefined): number {
    const task = this.#tasks.find((candidate) => candidate.handle === handle)
    if (task === undefined) throw noSuchResource('TaskHandle')
    if (task.status === 'RUNNING') task.status = 'CANCELLED'
    return task.moved
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #schedule(task: MoveTask, source: Queue, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#tick(task, source)
    }, delayMs).unref()
    this.#timers.add(timer)
  }

  #tick(task: MoveTask, source: Queue): void {
    const perTick = Math.max(1, Math.round((task.ratePerSecond * TICK_MS) / 1000))
    for (let count = 0; count < perTick && task.status === 'RUNNING'; count += 1) {
      try {
        if (this.#messages.moveOne(source, (sourceArn) => this.#destination(task, sourceArn))) task.moved += 1
        else task.status = 'COMPLETED'
      } catch (error) {
        if (!(error instanceof UnknownSource)) throw error
        task.status = 'FAILED'
        task.failure = 'CouldNotDetermineMessageSource'
      }
    }
    if (task.status === 'RUNNING') this.#schedule(task, source, Math.max(TICK_MS, 1000 / task.ratePerSecond))
  }

  /** A message that a program sent to the dead-letter queue has no source, so that only an explicit destination can take it. */
  #destination(task: MoveTask, sourceArn: string | undefined): Queue {
    const arn = task.destinationArn ?? sourceArn
    const queue = arn === undefined ? undefined : this.#queues.byArn(arn)
    if (queue === undefined) throw new UnknownSource()
    this.#onMoved(queue)
    return queue
  }
}

class UnknownSource extends Error {
  override readonly name = 'UnknownSource'
}
