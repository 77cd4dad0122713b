import { spawn, type ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { median } from './measure.ts'
import { print, type Result } from './result.ts'

const ROUNDS = 9
const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'km-import.js')
/** Like `npm start`, without npm itself. */
const NODE_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=256']

/** What local mode prints when it has imported the four lines of the first sample, and when it has imported the last one. */
const FIRST_SAMPLE = 'valid.json  done'
const ALL_SAMPLES = 'mixed-50000.jsonl.gz  done'

/** How long commands take, compared in pairs with a Node that does nothing. The first round only fills the compile cache. */
export async function benchCommands(rounds = ROUNDS): Promise<readonly Result[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-commands-'))
  try {
    const stateDir = path.join(folder, 'running')
    const running = await startLocal(stateDir, ALL_SAMPLES)
    const measured: Round[] = []
    for (let round = 0; round <= rounds; round += 1) measured.push(await measureRound(stateDir, path.join(folder, String(round))))
    await stop(running.child)
    return resultsOf(measured.slice(1))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Round {
  readonly node: number
  readonly help: number
  readonly status: number
  readonly rejects: number
  readonly pull: number
  readonly address: number
  readonly firstFile: number
}

async function measureRound(stateDir: string, emptyStateDir: string): Promise<Round> {
  const node = await timeOf(['-e', '0'])
  const help = await timeOf([PROGRAM, '--help'])
  const status = await timeOf([PROGRAM, 'status', '--state-dir', stateDir])
  const rejects = await timeOf([PROGRAM, 'rejects', 'list', '--state-dir', stateDir])
  const pull = await timeOf([PROGRAM, 'rejects', 'pull', '--state-dir', stateDir])
  const { child, address, firstFile } = await startLocal(emptyStateDir, FIRST_SAMPLE)
  await stop(child)
  return { node, help, status, rejects, pull, address, firstFile }
}

function resultsOf(rounds: readonly Round[]): readonly Result[] {
  const rows: readonly (readonly [name: string, of: (round: Round) => number, goalMs: number])[] = [
    ['km-import --help', ({ help }) => help, 300],
    ['km-import status', ({ status }) => status, 600],
    ['km-import rejects list, of 500 dead letters', ({ rejects }) => rejects, 1_000],
    ['km-import rejects pull, of 500 dead letters', ({ pull }) => pull, 1_000],
    ['local mode, until it shows its address', ({ address }) => address, 1_500],
    ['local mode, until 4 lines are imported', ({ firstFile }) => firstFile, 3_000],
  ]
  return rows.flatMap(([name, of, goalMs]) => [
    { name, value: median(rounds.map(of)), unit: 'ms', target: `<= ${goalMs}` },
    { name: `${name} / node -e 0`, value: median(rounds.map((round) => of(round) / round.node)), unit: 'ratio' },
  ])
}

async function timeOf(args: readonly string[]): Promise<number> {
  const begin = performance.now()
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(code)}`)
  return performance.now() - begin
}

interface Started {
  readonly child: ChildProcess
  readonly address: number
  readonly firstFile: number
}

/** Starts local mode with an empty state, so that it imports the samples. @param until what it prints before this ends */
async function startLocal(stateDir: string, until: string): Promise<Started> {
  const watchedDir = path.join(stateDir, 'drop')
  await mkdir(watchedDir, { recursive: true })
  const begin = performance.now()
  const args = [...NODE_FLAGS, PROGRAM, 'local', '--state-dir', stateDir, '--drop-dir', watchedDir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [address, firstFile] = await Promise.all([
    timeUntil(child.stderr, 'open the page', begin),
    timeUntil(child.stdout, until, begin),
  ])
  return { child, address, firstFile }
}

/** The output is read until its end: a program stops when its reader does. */
async function timeUntil(output: Readable, text: string, begin: number): Promise<number> {
  let written = ''
  for await (const [chunk] of on(output, 'data', { close: ['end'] }) as AsyncIterable<[Buffer]>) {
    written += chunk.toString()
    if (!written.includes(text)) continue
    output.resume()
    return performance.now() - begin
  }
  throw new Error(`local mode ended without "${text}": ${written}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGINT')
  await once(child, 'exit')
}

if (import.meta.main) print(await benchCommands())
