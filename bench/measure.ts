import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { performance, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'

/** What a measured process prints when it is done, as one line of JSON. */
export interface Figures {
  readonly lines: number
  readonly seconds: number
  /** User and system time of the work, without the start of the process. */
  readonly cpuMicros: number
  /** The part of it that ran JavaScript; the rest is the garbage collector's and the compiler's threads. */
  readonly mainCpuMicros: number
  readonly peakRssBytes: number
  /** Rounds of the garbage collector, and the time for which they stopped the main thread. */
  readonly gcRounds: number
  readonly gcMs: number
  /** Turns of the event loop. */
  readonly turns: number
}

/** The peak of this process only: on Linux, `maxRSS` includes what the parent had at the fork. */
export function peakRssBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}

/**
 * Measures work inside this process and prints its figures.
 *
 * @param work returns the number of lines
 * @param details further figures, read after the work
 */
export async function printFigures(
  work: () => Promise<number>,
  details: () => Readonly<Record<string, number>> = () => ({}),
): Promise<void> {
  const gc = collectGarbageRounds()
  const { loopCount } = performance.nodeTiming.uvMetricsInfo
  const cpu = process.cpuUsage()
  const mainCpu = process.threadCpuUsage()
  const start = performance.now()
  const lines = await work()
  const seconds = (performance.now() - start) / 1000
  const figures: Figures = {
    lines,
    seconds,
    cpuMicros: sumOf(process.cpuUsage(cpu)),
    mainCpuMicros: sumOf(process.threadCpuUsage(mainCpu)),
    peakRssBytes: peakRssBytes(),
    ...gc(),
    turns: performance.nodeTiming.uvMetricsInfo.loopCount - loopCount,
  }
  process.stdout.write(`${JSON.stringify({ ...figures, ...details() })}\n`)
}

function sumOf({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}

/** @returns what ends the collection */
function collectGarbageRounds(): () => Pick<Figures, 'gcRounds' | 'gcMs'> {
  let [gcRounds, gcMs] = [0, 0]
  const add = (entries: readonly PerformanceEntry[]): void => {
    gcRounds += entries.length
    for (const { duration } of entries) gcMs += duration
  }
  const observer = new PerformanceObserver((list) => {
    add(list.getEntries())
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    add(observer.takeRecords())
    observer.disconnect()
    return { gcRounds, gcMs }
  }
}

/** Runs a program in a separate process. @param file made by `bundled` of bundled.ts */
export async function runMeasured(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  nodeFlags: readonly string[] = [],
): Promise<Figures> {
  const child = spawn(process.execPath, [...nodeFlags, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}`)
  return JSON.parse(Buffer.concat(chunks).toString()) as Figures // printFigures wrote it
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
