import type { Task } from '../intake/task.ts'
import type { Invocation, Ports } from '../ports.ts'
import type { JobOutcome } from './outcome.ts'
import { defer } from './requeue.ts'

/** Another run that holds the lease. */
export interface OtherRun {
  /** How much longer its lease lasts. */
  readonly ms: number
  /** The SQS message it works on; undefined for a bare S3 event. */
  readonly messageId: string | undefined
}

/**
 * Leaves a task to the run that holds its lease.
 *
 * The lease holder has its own SQS message, so this one can be deleted, with two exceptions. If either run has no message, or if both work on
 * the same one, because SQS delivered it twice or a run was killed, the task is queued again for when the lease ends: the holder may be dead.
 * A new message replaces this one, since waiting must not use up its deliveries.
 */
export async function yieldTo(holder: OtherRun, task: Task, { messageId }: Invocation, ports: Ports): Promise<JobOutcome> {
  const isAgain = holder.messageId !== undefined && holder.messageId === task.successorOf
  const isAlone = messageId === undefined || holder.messageId === undefined || holder.messageId === messageId || isAgain
  if (isAlone) {
    const successor = holder.messageId === undefined ? task : { ...task, successorOf: holder.messageId }
    // The first wait for a holder is as long as its lease, however long the waits for earlier ones were.
    await defer({ ...successor, delays: isAgain ? task.delays : 0 }, task.reached, holder.ms, ports)
  }
  ports.events.busy(task.file.key)
  return { kind: 'yielded' }
}
