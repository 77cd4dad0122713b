import { backoffCeiling } from '../backoff.ts'
import { NoProgressError } from '../errors.ts'
import { taskBody, type Task } from '../intake/task.ts'
import type { Ports } from '../ports.ts'

/** Amazon SQS, SendMessage: the longest delay of a message. */
export const MAX_DELAY_SECONDS = 900

/**
 * Sends the rest of a task to the import queue as a new message. The message that brought the task can then be acknowledged.
 *
 * @param began the last line that was done when this invocation began
 * @param reached the last line that is done now
 * @throws NoProgressError if no line was done in between: without progress the chain of messages would never end
 */
export async function requeue(task: Task, began: number, reached: number, ports: Ports): Promise<void> {
  if (reached <= began) {
    throw new NoProgressError(
      `A whole invocation on ${task.file.key} ended where it began, at line ${reached}. ` +
        'Give the function more time or memory, or split the file (a compressed file is read from its start each time).',
    )
  }
  await ports.importQueue.send(taskBody({ ...task, reached, delays: 0 }), 0)
  ports.events.requeued(task.file.key, reached)
}

/**
 * Sends a task to the import queue with a delay, which doubles each time that no line was done in between. Since this is a new message,
 * waiting never uses up the deliveries of a message.
 *
 * @param firstMs the first delay
 * @returns the delay in seconds
 */
export async function defer(task: Task, reached: number, firstMs: number, ports: Ports): Promise<number> {
  const delays = reached > task.reached ? 0 : task.delays
  const now = Math.round(ports.clock.now())
  const { since = now } = task
  const seconds = backoffCeiling(delays + 1, { first: Math.ceil(firstMs / 1000), max: MAX_DELAY_SECONDS })
  await ports.importQueue.send(taskBody({ ...task, since, reached, delays: delays + 1 }), seconds)
  ports.events.waits(Math.round((now - since) / 1000))
  return seconds
}
