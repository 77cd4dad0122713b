/**
 * npm run sim -- --seeds 100000: simulates the importer with one random scenario per seed and checks every promise after every step.
 *
 * A seed that breaks a promise is printed with the smallest scenario that still breaks it. `--seed N` runs one seed. `--crashes` kills a
 * worker at every pair of points instead.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { killAtPairs, ONE_PIECE, SEGMENTS } from './crash-points.ts'
import { drawScenario } from './draw.ts'
import { shrink, violationOf } from './shrink.ts'
import { simulate, type Figures } from './simulation.ts'

/** Seeds that a thread runs at a time. */
const SHARE = 100

interface Share {
  readonly from: number
  readonly to: number
}

interface Outcome {
  readonly figures: Figures
  readonly broken: readonly number[]
}

const NOTHING: Figures = {
  steps: 0,
  requests: 0,
  invocations: 0,
  deaths: 0,
  redrives: 0,
  ambiguous: 0,
  recoveryMs: 0,
  deferred: 0,
  pauses: 0,
  cancelled: 0,
  held: 0,
  grouped: 0,
  ruleChanges: 0,
}

function add(a: Figures, b: Figures): Figures {
  return {
    steps: a.steps + b.steps,
    requests: a.requests + b.requests,
    invocations: a.invocations + b.invocations,
    deaths: a.deaths + b.deaths,
    redrives: a.redrives + b.redrives,
    ambiguous: a.ambiguous + b.ambiguous,
    recoveryMs: Math.max(a.recoveryMs, b.recoveryMs),
    deferred: a.deferred + b.deferred,
    pauses: a.pauses + b.pauses,
    cancelled: a.cancelled + b.cancelled,
    held: a.held + b.held,
    grouped: a.grouped + b.grouped,
    ruleChanges: a.ruleChanges + b.ruleChanges,
  }
}

async function runShare({ from, to }: Share): Promise<Outcome> {
  let figures = NOTHING
  const broken: number[] = []
  for (let seed = from; seed < to; seed += 1) {
    try {
      figures = add(figures, await simulate(drawScenario(seed)))
    } catch {
      broken.push(seed)
    }
  }
  return { figures, broken }
}

/** Runs the seeds on all processors. */
async function runAll(first: number, seeds: number): Promise<Outcome> {
  let next = first
  let done = 0
  let figures = NOTHING
  const broken: number[] = []
  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(import.meta.filename, { workerData: 'thread' })
      const assign = (): void => {
        if (next >= first + seeds) {
          void thread.terminate().then(() => {
            resolve()
          })
          return
        }
        const share: Share = { from: next, to: Math.min(next + SHARE, first + seeds) }
        next = share.to
        thread.postMessage(share)
      }
      thread.on('error', reject)
      thread.on('message', (outcome: Outcome) => {
        figures = add(figures, outcome.figures)
        broken.push(...outcome.broken)
        done += SHARE
        if (process.stderr.isTTY) process.stderr.write(`\r${Math.min(done, seeds).toLocaleString('en-US')} seeds`)
        assign()
      })
      assign()
    })
  await Promise.all(Array.from({ length: availableParallelism() }, runThread))
  if (process.stderr.isTTY) process.stderr.write('\r')
  return { figures, broken: broken.toSorted((a, b) => a - b) }
}

async function explain(seed: number): Promise<void> {
  const smallest = await shrink(drawScenario(seed))
  console.log(`seed ${seed}: ${(await violationOf(drawScenario(seed))) ?? 'every promise is kept'}`)
  console.log(`  smallest scenario: ${(await violationOf(smallest)) ?? ''}\n  ${JSON.stringify(smallest)}`)
}

async function killAtEveryPair(): Promise<void> {
  for (const [how, scenario] of [
    ['in one piece', ONE_PIECE],
    ['in segments', SEGMENTS],
  ] as const) {
    const { pairs, broken } = await killAtPairs(scenario)
    console.log(`${how}: ${pairs} pairs of crashes, ${broken.length} broke a promise`)
    for (const each of broken.slice(0, 3)) console.log(`  ${JSON.stringify(each)}`)
    if (broken.length > 0) process.exitCode = 1
  }
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      crashes: { type: 'boolean', default: false },
    },
  })
  if (flags.crashes) {
    await killAtEveryPair()
    return
  }
  if (flags.seed !== undefined) {
    const scenario = drawScenario(Number(flags.seed))
    if ((await violationOf(scenario)) !== undefined) process.exitCode = 1
    await (process.exitCode === 1 ? explain(Number(flags.seed)) : simulate(scenario).then(console.log))
    return
  }
  const seeds = Number(flags.seeds)
  const { figures, broken } = await runAll(Number(flags.from), seeds)
  const { steps, invocations, deaths, redrives, ambiguous, recoveryMs, deferred, pauses, cancelled, held, grouped } = figures
  console.log(
    `${seeds} seeds, ${steps} steps, ${invocations} invocations, ${deaths} killed, ${redrives} redrives, ${held} files held, ${grouped} dead letters about many lines, ` +
      `${ambiguous} answers lost, ${pauses} pauses, ${cancelled} cancelled files, ${deferred} imports wait for lines that cannot be distinguished from an outage, at most ${Math.ceil(recoveryMs / 60_000)} minutes from the last failure to the end: ${broken.length} seeds broke a promise`,
  )
  if (broken.length > 0) console.log(`broken: ${broken.join(', ')}`)
  for (const seed of broken.slice(0, 3)) await explain(seed)
  if (broken.length > 0) process.exitCode = 1
}

// Errors are part of most scenarios, and a stack costs more than everything else about an error.
Error.stackTraceLimit = 0
if (isMainThread) await main()
else if (workerData === 'thread')
  parentPort?.on('message', (share: Share) => void runShare(share).then((outcome) => parentPort?.postMessage(outcome)))
