import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** What a measured process tells of itself when it is done, as one line of JSON on stdout. */
export interface Figures {
  readonly lines: number
  readonly seconds: number
  /** User and system time of the whole work, without the start of the process. */
  readonly cpuMicros: number
  readonly peakRssBytes: number
}

/** Times the work inside of a process, and prints its figures. */
export async function printFigures(work: () => Promise<number>): Promise<void> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const lines = await work()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const figures: Figures = { lines, seconds, cpuMicros: user + system, peakRssBytes: process.resourceUsage().maxRSS * 1024 }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}

/** Runs a program of this folder in a process of its own. */
export async function runMeasured(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Figures> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, program), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}`)
  return JSON.parse(Buffer.concat(chunks).toString()) as Figures // printFigures wrote it
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
