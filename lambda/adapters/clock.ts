import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../ports.ts'

/** The system clock. */
export const clock: Clock = {
  now: Date.now,
  chance: Math.random,
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  },
}
