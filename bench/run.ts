/**
 * npm run bench: what the importer costs, as ratios to baselines of the same run, because absolute times of one machine say little about
 * another.
 *
 * Rounds are interleaved, and the figures are medians. The endpoint and each measured program run in their own processes; S3 and SQS run
 * in this one.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { benchCommands } from './commands.ts'
import { benchCost } from './cost.ts'
import { benchFirstLine } from './first-line.ts'
import { benchImporter, cpuMicrosIn } from './importer.ts'
import { Lab } from './lab.ts'
import { benchLatency } from './latency.ts'
import { benchLines } from './lines.ts'
import { loadAverage, machineText } from './machine.ts'
import { benchMemory } from './memory.ts'
import { benchPreview } from './preview.ts'
import { print, type Result } from './result.ts'
import { benchScaleOut } from './scale-out.ts'
import { benchStages, surveyMicrosIn } from './stages.ts'
import { benchStart } from './start.ts'

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    lines: { type: 'string', default: '200000' },
    'in-flight': { type: 'string', default: '64' },
    /** Also a file of 10 GB. */
    large: { type: 'boolean', default: false },
    /** One round and small files, to see that everything runs. */
    quick: { type: 'boolean', default: false },
  },
})
const isQuick = flags.quick
const rounds = isQuick ? 1 : Number(flags.rounds)
const lines = isQuick ? 20_000 : Number(flags.lines)
const sizes = isQuick ? [10, 100] : [10, 1_000, ...(flags.large ? [10_000] : [])]
const few = isQuick ? 1 : undefined

const load = loadAverage()
console.log(`${machineText()}, load average ${load.toFixed(1)}`)

const parts: { readonly name: string; readonly seconds: number; readonly results: readonly Result[] }[] = []

async function run(name: string, bench: () => readonly Result[] | Promise<readonly Result[]>): Promise<readonly Result[]> {
  const start = performance.now()
  const results = await bench()
  const seconds = (performance.now() - start) / 1000
  console.log(`\n${name} (${seconds.toFixed(0)} s)`)
  print(results)
  parts.push({ name, seconds, results })
  return results
}

await using lab = await Lab.open(Number(flags['in-flight']))
const importer = await run('Import', () => benchImporter(lab, { rounds, lines }))
const importCpuMicros = cpuMicrosIn(importer)
const stages = await run('Stages', () => benchStages(few))
await run('Validation', () => benchLines(few))
await run('Preview', () => benchPreview(isQuick))
await run('Memory', () => benchMemory(lab, sizes))
await run('Latency', () => benchLatency(lab, isQuick ? 1 : undefined))
await run('First line', () => benchFirstLine(lab, isQuick ? 1 : 3))
await run('Scale-out', () => benchScaleOut({ importCpuMicros, surveyCpuMicros: surveyMicrosIn(stages) }))
await run('Cold start', () => benchStart(few))
await run('Commands', () => benchCommands(few))
await run('Cost', () => benchCost(importCpuMicros))

const resultsFile = path.join(import.meta.dirname, 'results', 'latest.json')
await mkdir(path.dirname(resultsFile), { recursive: true })
const about = { node: process.version, load, rounds, lines, inFlight: lab.inFlight, parts }
await writeFile(resultsFile, `${JSON.stringify(about, null, 2)}\n`)
console.log(`\nwritten to ${resultsFile}`)
