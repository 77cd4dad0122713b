import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { bundleFunction } from '../bin/function-bundle.ts'
import { bundled } from './bundled.ts'
import { median, runMeasured, type Figures } from './measure.ts'
import { print, type Result } from './result.ts'

const ROUNDS = 15

/** What the stack sets. Nothing is called at a cold start. */
const ENV = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_LAMBDA_FUNCTION_NAME: 'importer',
  KM_API_KEY_SECRET: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:kissmetrics-AbCdEf',
  KM_BUCKET: 'bench',
  KM_IMPORT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/import',
  KM_DEAD_LETTER_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/dead-letters',
}

/** Size and cold start of the function, compared in pairs with one that only creates the same clients, bundled without trims. */
export async function benchStart(rounds = ROUNDS): Promise<readonly Result[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-start-'))
  try {
    const program = await bundled('start-process.ts', folder)
    const { bytes } = await bundleFunction(path.join(folder, 'function'))
    await bundleFunction(path.join(folder, 'bare'), { entry: 'bench/bare-process.ts', trims: [] })
    const start = (name: string): Promise<Figures> => runMeasured(program, [path.join(folder, name, 'index.mjs')], ENV)
    const importer: Figures[] = []
    const bare: Figures[] = []
    for (let round = 0; round < rounds; round += 1) {
      importer.push(await start('function'))
      bare.push(await start('bare'))
    }
    const cpu = ({ cpuMicros }: Figures): number => cpuMicros / 1_000
    const wall = ({ seconds }: Figures): number => seconds * 1_000
    const ratio = (of: (figures: Figures) => number): number =>
      median(importer.map((figures, round) => of(figures) / of(bare[round] ?? figures)))
    return [
      { name: 'bundle of the function', value: bytes / 1_000, unit: 'kB', target: '<= 700' },
      { name: 'cold start', value: median(importer.map(cpu)), unit: 'CPU-ms' },
      { name: 'cold start', value: median(importer.map(wall)), unit: 'ms' },
      { name: 'cold start of the same clients alone', value: median(bare.map(cpu)), unit: 'CPU-ms' },
      { name: 'cold start of the same clients alone', value: median(bare.map(wall)), unit: 'ms' },
      { name: 'CPU of a cold start, importer / clients alone', value: ratio(cpu), unit: 'ratio', target: '<= 1.20' },
      { name: 'time of a cold start, importer / clients alone', value: ratio(wall), unit: 'ratio' },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) print(await benchStart())
