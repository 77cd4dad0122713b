import { backoffCeiling } from '../backoff.ts'
import type { Clock } from '../ports.ts'

/**
 * While a message is being worked on, it is hidden for this long at a time. If the function dies, SQS delivers the message again after this
 * time, and not after the visibility timeout of the queue, which is six times the time limit of an invocation.
 */
export const HIDDEN_SECONDS = 180
const HIDE_EVERY_MS = 60_000

/** A message that failed is delivered again after this time, which doubles with each further failure. */
const REDELIVERY_SECONDS = { first: 30, max: 900 }

/** Hides a message for so many seconds. @returns false if it was deleted, or is visible already @throws the error of SQS */
export type Hide = (seconds: number) => Promise<boolean>

/** Whether a message is still hidden for this invocation; it is hidden for longer then. True if SQS does not answer. */
export function holdsMessage(hide: Hide): Promise<boolean> {
  return hide(HIDDEN_SECONDS).catch(() => true)
}

/**
 * Hides a message until `act` has ended.
 *
 * @param hide if it fails, the message is only delivered again later than it could be; or earlier, and then its lease makes it wait
 */
export async function whileHidden<T>(hide: Hide, clock: Pick<Clock, 'sleep'>, act: () => Promise<T>): Promise<T> {
  const ended = new AbortController()
  const hiding = keepHidden(hide, clock, ended.signal)
  try {
    return await act()
  } finally {
    ended.abort('ended') // without a reason, abort() makes an error with a stack trace
    await hiding // or it could overwrite the next visibility change
  }
}

async function keepHidden(hide: Hide, clock: Pick<Clock, 'sleep'>, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await hide(HIDDEN_SECONDS).catch(() => undefined)
    await clock.sleep(HIDE_EVERY_MS, ended)
  }
}

/** Up to this delivery, a message whose lease is held is delivered again as soon as the lease ends. Afterwards its holder is alive. */
const MAX_SOON = 2

/**
 * After how long a message that was not acknowledged is delivered again: sooner than after the long visibility timeout of the queue.
 *
 * @param leaseMs how much longer its lease is held; 0 if the message failed
 */
export function redeliverySeconds(deliveries: number, leaseMs = 0): number {
  const leaseSeconds = Math.ceil(leaseMs / 1000)
  if (leaseSeconds > 0 && deliveries <= MAX_SOON) return leaseSeconds
  return Math.max(leaseSeconds, backoffCeiling(deliveries, REDELIVERY_SECONDS))
}
