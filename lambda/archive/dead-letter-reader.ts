import type { DeadLetterReader, QueuedDeadLetter } from '../ports.ts'

/** What SQS takes in one call. */
const BATCH = 10
/** Calls side by side. */
const CONCURRENCY = 8
/** How long a letter that was taken is hidden: as long as looking through a full queue may last. Who dies meanwhile keeps it no longer. */
export const HIDDEN_SECONDS = 300
/** SQS lets 120,000 messages of a queue be out at a time, and this leaves some for others. Amazon SQS, "Message quotas". */
const MOST_TAKEN = 100_000
/** Receives in a row that bring only messages seen before: the scan has lasted longer than they are hidden. */
const MAX_REPEATS = 2

/**
 * Takes what waits, each letter once, until there is no more, `signal` is raised, or as many are out as SQS allows.
 *
 * @param keep told of each letter; no more is taken than it is done with, and its error ends it all
 * @returns whether everything was seen
 */
export async function takeAll(
  box: DeadLetterReader,
  keep: (deadLetter: QueuedDeadLetter) => void | Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const taken = new Set<string>()
  const isEnough = (): boolean => signal.aborted || taken.size >= MOST_TAKEN
  const worker = async (): Promise<void> => {
    for (let repeats = 0; repeats < MAX_REPEATS && !isEnough();) {
      const deadLetters = await box.take(HIDDEN_SECONDS)
      // `take` is a long poll, which asks all servers of the queue: one empty answer is enough.
      if (deadLetters.length === 0) return
      const fresh = deadLetters.filter(({ id }) => !taken.has(id))
      for (const deadLetter of fresh) {
        taken.add(deadLetter.id)
        await keep(deadLetter)
      }
      repeats = fresh.length === 0 ? repeats + 1 : 0
    }
  }
  await allOf(Array.from({ length: CONCURRENCY }, worker))
  return !isEnough()
}

/** Brings each batch of ten to its end, many at a time, in no order. @throws what the first one threw, when all have ended */
export async function inBatches<T>(items: readonly T[], act: (batch: readonly T[]) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await act(items.slice(next, (next += BATCH)))
  }
  await allOf(Array.from({ length: CONCURRENCY }, worker))
}

/** Nothing goes on behind the back of whoever is told of a failure. */
async function allOf(workers: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
