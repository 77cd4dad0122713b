import type { Task } from '../intake/task.ts'
import { checkpointKey } from '../keys.ts'
import type { Leased, Ports } from '../ports.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint, type Wait } from '../settle/checkpoint.ts'
import { readLeased } from '../settle/lease.ts'

/**
 * Notes in the checkpoint of a segment which message continues it after an outage. SQS can deliver a message that was deleted, or store one
 * and report an error. Each copy would meet the outage and queue a message of its own, so that over days there would be more and more.
 *
 * Call it when that message is in the queue. If the note cannot be written, copies do no harm but cost tries.
 */
export async function noteWait({ file, segment }: Task, wait: Wait, { checkpoints }: Pick<Ports, 'checkpoints'>): Promise<void> {
  const key = { bucket: file.bucket, key: checkpointKey(file, segment?.index ?? 1) }
  try {
    const found = await checkpoints.find(key)
    const released = readLeased<Checkpoint>(found?.value, CHECKPOINT_SCHEMA, key.key)
    // While another run holds the lease, only that run may write.
    if (found === undefined || released === undefined || released.leaseHolder.until !== 0 || released.isDone) return
    const noted: Leased<Checkpoint> = { ...released, wait }
    await checkpoints.put(key, noted, found.tag)
  } catch {
    // A copy costs tries, and an error here would leave two messages for the same work.
  }
}

/**
 * Whether the message of a task is a copy, because another one waits. When that one is overdue, it may be lost, so a copy takes its place.
 * A task that a search has found, for example because a person asked for it, does not wait.
 */
export function isLeftToAnother(wait: Wait | undefined, task: Pick<Task, 'wait' | 'foundBySearch'>, now: number): boolean {
  return wait !== undefined && wait.id !== task.wait && task.foundBySearch !== true && now < wait.until
}
