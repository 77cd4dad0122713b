import type { DeadLetterReader, QueuedDeadLetter } from '../ports.ts'

/** The most entries that SQS accepts in one call. */
const MAX_BATCH = 10
/** Calls at the same time. */
const CONCURRENCY = 8
/** How long a dead letter is hidden: long enough to go through a full queue. If the process dies, it is visible again after this time. */
export const HIDDEN_SECONDS = 300
/** SQS allows 120,000 messages in flight for a queue. This leaves some for other consumers. Amazon SQS, "Message quotas". */
const MAX_TAKEN = 100_000
/** SQS samples a few of its servers, so one empty answer does not mean that the queue is empty. */
const EMPTY_ANSWERS = 2

/**
 * Takes all dead letters from the queue, each one once. Stops when there are no more, when `signal` is aborted, or at the limit of SQS.
 *
 * @param onTaken called with each dead letter. Its promise is awaited before more are taken; its error ends everything.
 * @returns whether every dead letter was seen
 */
export async function takeAll(
  reader: DeadLetterReader,
  onTaken: (deadLetter: QueuedDeadLetter) => void | Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const taken = new Set<string>()
  const isStopped = (): boolean => signal.aborted || taken.size >= MAX_TAKEN
  const worker = async (): Promise<void> => {
    for (let emptyAnswers = 0; emptyAnswers < EMPTY_ANSWERS && !isStopped();) {
      let fresh = 0
      for (const deadLetter of await reader.take(HIDDEN_SECONDS)) {
        // Looked up for each one: another worker may have taken it while this one waited.
        if (taken.has(deadLetter.id)) continue
        taken.add(deadLetter.id)
        fresh += 1
        await onTaken(deadLetter)
      }
      // A dead letter that appears again is visible again: by now the whole queue has been seen.
      emptyAnswers = fresh === 0 ? emptyAnswers + 1 : 0
    }
  }
  await allSettled(Array.from({ length: CONCURRENCY }, worker))
  return !isStopped()
}

/** Calls `act` with batches of ten, many at a time, in no order. @throws the first error, after all calls have ended */
export async function inBatches<T>(items: readonly T[], act: (batch: readonly T[]) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await act(items.slice(next, (next += MAX_BATCH)))
  }
  await allSettled(Array.from({ length: CONCURRENCY }, worker))
}

/** Waits for all workers, so that none still runs when the caller learns of a failure. */
async function allSettled(workers: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
