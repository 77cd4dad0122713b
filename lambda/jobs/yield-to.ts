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
 * The lease holder has its own SQS message, so this one can be deleted: a copy would live through an outage, and such copies multiply. There
 * are two exceptions. If both runs work on the same message, because SQS delivered it twice or the lease holder was killed, the message has
 * to stay. If either run has no message, the task is queued again for when the lease ends, or it would be lost if the lease holder dies.
 *
 * A run makes sure that its message still exists when it has taken the lease (`stillAsked`).
 */
export async function yieldTo(holder: OtherRun, task: Task, { messageId }: Invocation, ports: Ports): Promise<JobOutcome> {
  if (messageId !== undefined && holder.messageId === messageId) return { kind: 'delivered-twice', ms: holder.ms }
  if (messageId === undefined || holder.messageId === undefined) await defer(task, task.reached, holder.ms, ports)
  ports.events.busy(task.file.key)
  return { kind: 'yielded' }
}
