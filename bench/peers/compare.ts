import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CONTENDERS, type Contender, type ContenderName, type PackageName } from './contenders.ts'
import { installPeers } from './install.ts'
import { Lab, type Scenario, type Trial } from './trial.ts'

export const FAULT_SCENARIOS = ['busy', 'error', 'reset', 'killed', 'bad lines'] as const satisfies readonly Scenario[]

export interface Comparison {
  readonly lines: number
  /** Lines of the file of each scenario but `clean`. */
  readonly faultLines: number
  readonly inFlight: number
  readonly rounds: number
  readonly rows: readonly Row[]
}

export interface Row {
  readonly name: ContenderName
  /** Why it was not run. */
  readonly missing?: string
  /** One for each round. */
  readonly trials: Readonly<Record<Scenario, readonly Trial[]>>
}

export interface CompareOptions extends Omit<Comparison, 'rows'> {
  readonly names: readonly ContenderName[]
  readonly scenarios: readonly Scenario[]
  readonly packages: string
  readonly progress: (text: string) => void
}

/** Runs all contenders in each round, so that a busy moment of the machine meets all of them. */
export async function compare({ names, scenarios, packages, progress, ...sizes }: CompareOptions): Promise<Comparison> {
  const missing = await installPeers(packages, neededBy(names))
  const rows = names.map((name): Row & { readonly trials: Record<Scenario, Trial[]> } => {
    const reason = missing.get(needOf(name) ?? 'kissmetrics')
    const trials: Record<Scenario, Trial[]> = { clean: [], busy: [], error: [], reset: [], killed: [], 'bad lines': [] }
    return { name, trials, ...(needOf(name) !== undefined && reason !== undefined && { missing: reason }) }
  })
  const folder = await mkdtemp(path.join(tmpdir(), 'km-peers-'))
  try {
    await using lab = await Lab.open({ folder, packages, inFlight: sizes.inFlight })
    for (let round = 1; round <= sizes.rounds; round += 1)
      for (const scenario of scenarios)
        for (const row of rows) {
          if (row.missing !== undefined) continue
          progress(`round ${round} of ${sizes.rounds}, ${scenario}: ${row.name}\n`)
          const lines = scenario === 'clean' ? sizes.lines : sizes.faultLines
          row.trials[scenario].push(await lab.run(CONTENDERS[row.name], scenario, lines))
        }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { ...sizes, rows }
}

function needOf(name: ContenderName): PackageName | undefined {
  const contender: Contender = CONTENDERS[name]
  return contender.needs
}

function neededBy(names: readonly ContenderName[]): readonly PackageName[] {
  return [...new Set(names.flatMap((name) => needOf(name) ?? []))]
}
