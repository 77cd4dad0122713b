/** The environment variable that sets how far the clock of a process is ahead from the start. */
export const CLOCK_OFFSET_MS = 'CHAOS_CLOCK_OFFSET_MS'

const realNow = Date.now
let offsetMs = Number(process.env[CLOCK_OFFSET_MS] ?? 0)

// Import this module first, because other modules keep a reference to Date.now.
Date.now = () => realNow() + offsetMs

/**
 * Moves the clock of this process forward.
 *
 * After a kill, messages stay hidden for minutes and leases last for seconds. The run does not wait for them.
 */
export function advanceClock(ms: number): void {
  offsetMs += ms
}
