/** The most entries that SQS accepts in one call. */
const MAX_BATCH = 10
/** Calls at the same time. */
const CONCURRENCY = 8

/** Calls `act` with batches of ten, many at a time, in no order. @throws the first error, after all calls have ended */
export async function inBatches<T>(items: readonly T[], act: (batch: readonly T[]) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await act(items.slice(next, (next += MAX_BATCH)))
  }
  await allSettled(Array.from({ length: CONCURRENCY }, worker))
}

/** Waits for all workers, so that none still runs when the caller learns of a failure. @throws the first error */
export async function allSettled(workers: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
