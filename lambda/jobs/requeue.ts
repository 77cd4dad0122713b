import { BusyError, NoProgressError } from '../errors.ts'
import { taskBody, type Task } from '../intake/task.ts'
import type { Invocation, Ports } from '../ports.ts'

/** Amazon SQS, SendMessage: the longest delay of a message. */
const LONGEST_DELAY_SECONDS = 900

/**
 * Hands the rest of a task on to the next invocation, as a new message: the one that brought it here may then be acknowledged.
 *
 * @param reached the line up to which the work is done now
 * @throws StandstillError where that is no further than when this invocation began: a chain of messages must come to an end
 */
export async function requeue(task: Task, began: number, reached: number, ports: Ports): Promise<void> {
  if (reached <= began) {
    throw new NoProgressError(
      `A whole invocation brought ${task.file.key} not one line further than line ${reached}. ` +
        'Give the function more time or memory (a compressed drop is read from its start each time), or drop the file in parts.',
    )
  }
  await ports.importQueue.send(taskBody({ ...task, reached, delays: 0 }), 0)
  ports.events.requeued(task.file.key, reached)
}

/**
 * Puts a task off: it comes again as a new message, twice as late each time that nothing was done in between, so that waiting never uses up
 * the deliveries of a message.
 *
 * @param firstMs how long it waits for the first time
 * @returns in how many seconds it comes again
 */
export async function defer(task: Task, reached: number, firstMs: number, ports: Ports): Promise<number> {
  const delays = reached > task.reached ? 0 : task.delays
  const seconds = Math.min(LONGEST_DELAY_SECONDS, Math.ceil(firstMs / 1000) * 2 ** Math.min(delays, 10))
  await ports.importQueue.send(taskBody({ ...task, reached, delays: delays + 1 }), seconds)
  return seconds
}

/**
 * What becomes of a task that somebody else works on.
 *
 * He has a message of his own, which stays until the work is done or handed on, so this one is not needed. Only where both are the same
 * message, shown twice, it has to stay; and where he came without one, the task is put off, or it would be lost with him.
 *
 * @throws BusyError where the message has to stay
 */
export async function yieldTo(
  holder: { readonly ms: number; readonly messageId: string | undefined },
  task: Task,
  { messageId }: Invocation,
  ports: Ports,
): Promise<void> {
  if (messageId !== undefined && holder.messageId === messageId) throw new BusyError()
  if (messageId === undefined || holder.messageId === undefined) await defer(task, task.reached, holder.ms, ports)
  ports.events.busy(task.file.key)
}
