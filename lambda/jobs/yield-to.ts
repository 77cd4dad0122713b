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
 * If both runs work on the same message, because SQS delivered it twice or the lease holder was killed, the message has to stay. Otherwise
 * the task is queued again for when the lease ends. The lease holder usually has a message of its own, but its lease does not prove that: a
 * run that was suspended before it took the lease may have lost its message meanwhile.
 */
export async function yieldTo(holder: OtherRun, task: Task, { messageId }: Invocation, ports: Ports): Promise<JobOutcome> {
  if (messageId !== undefined && holder.messageId === messageId) return { kind: 'delivered-twice', ms: holder.ms }
  await defer(task, task.reached, holder.ms, ports)
  ports.events.busy(task.file.key)
  return { kind: 'yielded' }
}
