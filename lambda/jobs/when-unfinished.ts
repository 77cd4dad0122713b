import type { Task } from '../intake/task.ts'
import type { Invocation, Ports } from '../ports.ts'
import { doneLines } from '../settle/checkpoint.ts'
import type { JobOutcome, Unfinished } from './outcome.ts'
import { defer, requeue } from './requeue.ts'
import { noteWait } from './wait.ts'
import { waitWhilePaused } from './while-paused.ts'
import { yieldTo } from './yield-to.ts'

/** How long a task waits after its first outage. Each further outage without progress doubles it. */
const FIRST_OUTAGE_DELAY_MS = 30_000

/**
 * Decides what happens to a task whose work is not done: out of time, an outage, or another run at work. The checkpoint has been
 * written by now, so the next run continues from it.
 *
 * @throws NoProgressError, or the error of SQS: then the message stays in the queue
 */
export async function whenUnfinished(
  unfinished: Unfinished,
  task: Task,
  invocation: Invocation,
  ports: Ports,
): Promise<JobOutcome> {
  switch (unfinished.kind) {
    case 'out-of-time':
      // Others held all of the limit. The task waits for its turn, and does not fail.
      if (unfinished.isLimited === true && unfinished.reached <= unfinished.began) {
        await defer(task, unfinished.reached, FIRST_OUTAGE_DELAY_MS, ports)
        return { kind: 'requeued' }
      }
      await requeue(task, unfinished.began, unfinished.reached, ports)
      return { kind: 'requeued' }
    case 'deliveries-used':
      await requeue(task, unfinished.began, unfinished.reached, ports)
      return { kind: 'requeued' }
    case 'outage': {
      const id = ports.newRun()
      const seconds = await defer({ ...task, wait: id }, unfinished.reached, FIRST_OUTAGE_DELAY_MS, ports)
      await noteWait(task, { id, until: Math.round(ports.clock.now()) + seconds * 1000 }, ports)
      ports.events.outage(unfinished.detail, seconds)
      return { kind: 'requeued' }
    }
    case 'paused':
      return waitWhilePaused(
        { ...task, reached: doneLines(unfinished.checkpoint), delays: 0 },
        unfinished.since,
        invocation,
        ports,
      )
    case 'busy':
      return yieldTo(unfinished, task, invocation, ports)
    case 'waiting':
      ports.events.leftToWaiting(task.file.key)
      return { kind: 'yielded' }
    case 'lease-lost':
    case 'message-lost':
    case 'interrupted':
      return unfinished
  }
}
