import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { TestEvent } from './first-failure-reporter.ts'

/** How long the tests of a file take when nothing is wrong. */
export interface Durations {
  readonly ms: number
  readonly slowestTestMs: number
}

export type TestRun =
  | { readonly kind: 'passed'; readonly durations: ReadonlyMap<string, Durations> }
  | { readonly kind: 'failed'; readonly test: string }
  /** It took many times as long as without a mistake. */
  | { readonly kind: 'endless' }
  /** Jest could not run the tests, which proves nothing. */
  | { readonly kind: 'broken'; readonly why: string }

export interface TimeLimits {
  readonly testMs: number
  readonly runMs: number
}

/** For a run without a mistake, which shows how long it takes. */
export const PATIENT: TimeLimits = { testMs: 120_000, runMs: 30 * 60_000 }

/** A test that needs this many times as long as without a mistake never ends. The constants cover the start of Jest on a busy machine. */
export function limitsFor({ ms, slowestTestMs }: Durations): TimeLimits {
  return { testMs: 5 * slowestTestMs + 10_000, runMs: 5 * ms + 40_000 }
}

/** Runs test files in a copy of the project, with one start of Jest, until a test fails. */
export async function runTests(root: string, files: readonly string[], limits: TimeLimits): Promise<TestRun> {
  // A process group of its own, so that the processes which a failed test leaves behind end too.
  const child = spawn(process.execPath, jestArguments(root, files, limits), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  const closed = once(child, 'close')
  // A process that a test left behind would keep the pipe open.
  child.once('exit', () => {
    endGroup(child.pid)
  })
  const overdue = new AbortController()
  const timer = setTimeout(() => {
    overdue.abort()
    endGroup(child.pid)
  }, limits.runMs)
  try {
    const events = await eventsIn(child.stdout)
    const [code] = (await closed) as [number | null]
    return overdue.signal.aborted ? { kind: 'endless' } : resultOf(root, events, code)
  } finally {
    clearTimeout(timer)
  }
}

function jestArguments(root: string, files: readonly string[], { testMs }: TimeLimits): readonly string[] {
  return [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--runTestsByPath',
    ...files,
    `--reporters=${path.join(root, 'test/proof/mutants/first-failure-reporter.ts')}`,
    `--cacheDirectory=${path.join(root, '.jest-cache')}`,
    `--testTimeout=${testMs}`,
    ...(files.length === 1 ? ['--runInBand'] : [`--maxWorkers=${availableParallelism()}`]),
    '--forceExit',
  ]
}

async function eventsIn(output: NodeJS.ReadableStream): Promise<readonly TestEvent[]> {
  const events: TestEvent[] = []
  for await (const line of createInterface({ input: output })) {
    if (!line.startsWith('{"kind":')) continue
    const event = JSON.parse(line) as TestEvent
    events.push(event)
    if (event.kind !== 'passed') break
  }
  return events
}

function resultOf(root: string, events: readonly TestEvent[], code: number | null): TestRun {
  const durations = new Map<string, Durations>()
  for (const event of events) {
    if (event.kind === 'failed') return event
    if (event.kind === 'broken') return { kind: 'broken', why: event.why }
    durations.set(path.relative(root, event.file), event)
  }
  return code === 0 ? { kind: 'passed', durations } : { kind: 'broken', why: `Jest ended with ${code ?? 'a signal'}` }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All its processes have ended.
  }
}
