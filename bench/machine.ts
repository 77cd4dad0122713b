import { availableParallelism, cpus, loadavg } from 'node:os'

/** What absolute times depend on. */
export function machineText(): string {
  return `${availableParallelism()} processors (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}`
}

/** Other work on the machine makes every time longer. */
export function loadAverage(): number {
  return loadavg()[0] ?? NaN
}
