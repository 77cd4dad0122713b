import {
  LONG_INVOCATION_MS,
  MAX_MERGED,
  MAX_SAME_REASON,
  MIN_CHECKED_LINES,
  ONE_SEGMENT_BYTES,
  type Faults,
  type FileScenario,
  type LineKind,
  type Scenario,
} from './scenario.ts'
import { simulate } from './simulation.ts'

/** The promise that a scenario breaks, or undefined if it keeps every promise. */
export async function violationOf(scenario: Scenario): Promise<string | undefined> {
  try {
    await simulate(scenario)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Simplifies a failing scenario step by step while it still breaks a promise. */
export async function shrink(failing: Scenario): Promise<Scenario> {
  for (;;) {
    const smaller = await firstThatFails(simpler(failing))
    if (smaller === undefined) return failing
    failing = smaller
  }
}

async function firstThatFails(scenarios: Iterable<Scenario>): Promise<Scenario | undefined> {
  for (const scenario of scenarios) if ((await violationOf(scenario)) !== undefined) return scenario
  return undefined
}

/** Scenarios that are one step simpler, the simplest first. */
function* simpler(scenario: Scenario): Generator<Scenario> {
  const { files, faults } = scenario
  if (files.length > 1) for (const file of files.keys()) yield { ...scenario, files: files.toSpliced(file, 1) }
  for (const [index, file] of files.entries())
    for (const simple of simplerFiles(file)) yield { ...scenario, files: files.with(index, simple) }
  for (const name of [
    'kills',
    'freezes',
    'spells',
    'losses',
    'redrives',
    'discards',
    'ruleChanges',
    'pauses',
    'cancels',
    'limits',
  ] as const)
    for (const at of scenario[name].keys()) yield { ...scenario, [name]: (scenario[name] as readonly unknown[]).toSpliced(at, 1) }
  for (const name of Object.keys(faults) as (keyof Faults)[])
    if (faults[name] > 0) yield { ...scenario, faults: { ...faults, [name]: 0 } }
  for (const plain of [
    { workers: 1 },
    { invocationMs: LONG_INVOCATION_MS },
    { segmentBytes: ONE_SEGMENT_BYTES },
    { maxLinesPerSecond: 0 },
    { skewMs: 0 },
    { healedAt: 0 },
    { calmAt: 0 },
    { days: 1 },
    { areStaleReceiptsAccepted: true },
  ] satisfies Partial<Scenario>[])
    if (Object.entries(plain).some(([name, value]) => scenario[name as keyof Scenario] !== value)) yield { ...scenario, ...plain }
}

/** A file that a person decides about must stay one that is held. */
function tripsRule(lines: FileScenario['lines']): boolean {
  const count = (kind: LineKind): number => lines.filter((each) => each === kind).length
  return count('merge') > MAX_MERGED || (count('no-time') > MAX_SAME_REASON && lines.length >= MIN_CHECKED_LINES)
}

function* simplerFiles(file: FileScenario): Generator<FileScenario> {
  const { lines, leavesAt, ...stays } = file
  for (let size = Math.ceil(lines.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let at = file.isTable ? 4 : 1; at < lines.length; at += size) {
      const fewer = lines.toSpliced(at, size)
      if (file.decision === undefined || tripsRule(fewer)) yield { ...file, lines: fewer }
    }
  if (leavesAt !== undefined) yield { ...stays, lines }
  if (file.newVersionOf !== undefined) {
    const { newVersionOf: _newVersionOf, ...first } = file
    yield first
  }
  if (file.isTable) yield { ...file, isTable: false }
  if (file.isCsv === true) yield withoutCsv(file)
  if (file.isPacked) yield { ...file, isPacked: false }
  if (!file.isVersioned) yield { ...file, isVersioned: true }
  if (file.isEventLost) yield { ...file, isEventLost: false }
  if (file.extraEvents > 0) yield { ...file, extraEvents: 0 }
  if (file.arrivesAt > 0) yield { ...file, arrivesAt: 0 }
}

function withoutCsv({ isCsv: _isCsv, ...file }: FileScenario): FileScenario {
  return file
}
