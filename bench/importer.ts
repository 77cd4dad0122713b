import { bundled } from './bundled.ts'
import { asBytes, shortLines } from './files.ts'
import type { Lab } from './lab.ts'
import { LAMBDA_FLAGS } from './lambda-flags.ts'
import { median, runMeasured, type Figures } from './measure.ts'
import type { Result } from './result.ts'

/** The baselines, see pool-process.ts. */
const WAYS = ['request', 'dispatch', 'adapter'] as const

type Measured = 'importer' | (typeof WAYS)[number]
type Rounds = Readonly<Record<Measured, readonly Figures[]>>

export interface ImporterOptions {
  readonly rounds: number
  readonly lines: number
}

/** What an import costs, over a fast endpoint, beside an undici pool that only sends the same requests. */
export async function benchImporter(lab: Lab, { rounds, lines }: ImporterOptions): Promise<readonly Result[]> {
  const pool = await bundled('pool-process.ts', lab.folder, []) // it uses all of undici
  const measured: Record<Measured, Figures[]> = { importer: [], request: [], dispatch: [], adapter: [] }
  for (let round = 0; round < rounds; round += 1) {
    measured.importer.push(await lab.importOnce(asBytes(shortLines(lines))))
    for (const way of WAYS)
      measured[way].push(await runMeasured(pool, [lab.sinkUrl, String(lab.inFlight), String(lines), way], {}, LAMBDA_FLAGS))
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return resultsOf(measured)
}

const rate = ({ lines, seconds }: Figures): number => lines / seconds
const cpu = ({ cpuMicros, lines }: Figures): number => cpuMicros / lines
const mainCpu = ({ mainCpuMicros, lines }: Figures): number => mainCpuMicros / lines
const gcRounds = ({ gcRounds, lines }: Figures): number => (gcRounds * 1e6) / lines
const gcMicros = ({ gcMs, lines }: Figures): number => (gcMs * 1e3) / lines
const turns = ({ turns, lines }: Figures): number => (turns * 1e3) / lines

const TITLES: Readonly<Record<Measured, string>> = {
  importer: 'importer',
  request: 'bare pool (request + dump)',
  dispatch: 'bare pool (dispatch)',
  adapter: "the importer's adapter alone",
}

function resultsOf(rounds: Rounds): readonly Result[] {
  const middle = (of: (figures: Figures) => number, name: Measured): number => median(rounds[name].map(of))
  const ratio = (of: (figures: Figures) => number, name: Measured, base: Measured): number =>
    median(rounds[name].map((figures, round) => of(figures) / of(rounds[base][round] ?? figures)))
  const absolute = (Object.keys(TITLES) as Measured[]).flatMap((name): readonly Result[] => [
    { name: TITLES[name], value: middle(rate, name), unit: 'lines/s' },
    { name: TITLES[name], value: middle(cpu, name), unit: 'CPU-µs per line' },
    { name: `${TITLES[name]}, main thread`, value: middle(mainCpu, name), unit: 'CPU-µs per line' },
    { name: `${TITLES[name]}, garbage collector`, value: middle(gcRounds, name), unit: 'rounds per million' },
    { name: `${TITLES[name]}, stopped by it`, value: middle(gcMicros, name), unit: 'µs per line' },
    { name: `${TITLES[name]}, turns of the event loop`, value: middle(turns, name), unit: 'per 1,000 lines' },
  ])
  return [
    ...absolute,
    {
      name: 'lines/s, importer / bare pool (request)',
      value: ratio(rate, 'importer', 'request'),
      unit: 'ratio',
      target: '>= 0.95',
    },
    {
      name: 'lines/s, importer / bare pool (dispatch)',
      value: ratio(rate, 'importer', 'dispatch'),
      unit: 'ratio',
      target: '>= 0.80',
    },
    { name: CPU_RATIO, value: ratio(cpu, 'importer', 'request'), unit: 'ratio', target: '<= 1.05' },
    { name: 'CPU per line, importer / bare pool (dispatch)', value: ratio(cpu, 'importer', 'dispatch'), unit: 'ratio' },
    { name: 'CPU per line, adapter / bare pool (request)', value: ratio(cpu, 'adapter', 'request'), unit: 'ratio' },
  ]
}

const CPU_RATIO = 'CPU per line, importer / bare pool (request)'

/** CPU of a line of a whole import, as `benchImporter` has measured it. */
export function cpuMicrosIn(results: readonly Result[]): number {
  return results.find(({ name, unit }) => name === TITLES.importer && unit === 'CPU-µs per line')?.value ?? NaN
}
