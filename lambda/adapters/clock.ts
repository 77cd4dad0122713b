import type { Clock } from '../ports.ts'

/** The system clock. */
export const clock: Clock = {
  now: Date.now,
  chance: Math.random,
  // The function of timers/promises would make an error, with its stack trace, for each sleep that a signal ends: most are.
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      if (signal.aborted) end()
      else signal.addEventListener('abort', end)
    }),
}
