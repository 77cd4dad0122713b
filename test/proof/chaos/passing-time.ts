/** Set in the environment of a process whose clock is ahead from the start. */
export const AHEAD_MS = 'CHAOS_AHEAD_MS'

const realNow = Date.now
let aheadMs = Number(process.env[AHEAD_MS] ?? 0)

// To be imported before everything else, since others keep the function.
Date.now = () => realNow() + aheadMs

/**
 * Lets time pass at once, for the clock of this process.
 *
 * What a killed importer worked on stays hidden for minutes, and its leases for seconds. That nobody has to sit through.
 */
export function letTimePass(ms: number): void {
  aheadMs += ms
}
