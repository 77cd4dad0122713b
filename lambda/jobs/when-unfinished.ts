import type { Task } from '../intake/task.ts'
import type { Ports } from '../ports.ts'
import type { JobOutcome, Unfinished } from './outcome.ts'
import { defer, requeue, tryAgainAfter } from './requeue.ts'

/** How long a task waits after its first outage. Each further outage without progress doubles it. */
const FIRST_OUTAGE_DELAY_MS = 30_000

/**
 * Decides what happens to a task whose work is not done: out of time, an outage, or another run at work. The checkpoint has been
 * written by now, so the next run continues from it.
 *
 * @throws NoProgressError, or the error of SQS: then the message stays in the queue
 */
export async function whenUnfinished(unfinished: Unfinished, task: Task, ports: Ports): Promise<JobOutcome> {
  switch (unfinished.kind) {
    case 'out-of-time':
    case 'deliveries-used':
      await requeue(task, unfinished.began, unfinished.reached, ports)
      return { kind: 'requeued' }
    case 'outage': {
      const seconds = await defer(task, unfinished.reached, FIRST_OUTAGE_DELAY_MS, ports)
      ports.events.outage(unfinished.detail, seconds)
      return { kind: 'requeued' }
    }
    case 'busy':
      await tryAgainAfter(unfinished.ms, task, ports)
      ports.events.busy(task.file.key)
      return { kind: 'requeued' }
    case 'lease-lost':
    case 'interrupted':
      return unfinished
  }
}
