import { seeded } from '../../support/seeded.ts'
import {
  LONG_INVOCATION_MS,
  MAX_SAME_REASON,
  ONE_SEGMENT_BYTES,
  type FileScenario,
  type LineKind,
  type Scenario,
  type Spell,
  type SpellKind,
} from './scenario.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const KINDS: readonly LineKind[] = [
  'valid',
  'valid',
  'valid',
  'valid',
  'two-requests',
  'too-long-for-the-endpoint',
  'too-long-for-now',
  'no-time',
  'no-json',
  'blank',
]

/** Each kind with the longest time that it lasts. */
const SPELLS: readonly (readonly [SpellKind, number])[] = [
  ['down', 8 * HOUR_MS],
  ['down', 8 * HOUR_MS],
  ['busy', 4 * HOUR_MS],
  ['throttled', HOUR_MS],
  ['throttled-with-wait', HOUR_MS],
  ['unauthorized', 2 * HOUR_MS],
  ['web-page', HOUR_MS],
  ['s3-down', HOUR_MS],
  ['s3-writes-refused', 10 * MINUTE_MS],
  ['sqs-down', HOUR_MS],
  ['dead-letters-throttled', 5 * HOUR_MS],
]

/** Draws values for a scenario. */
class Draw {
  readonly #chance: () => number

  constructor(seed: number) {
    this.#chance = seeded(seed)
  }

  is(share: number): boolean {
    return this.#chance() < share
  }

  between(min: number, max: number): number {
    return min + Math.floor(this.#chance() * (max - min + 1))
  }

  /** Half of the numbers are in the lowest eighth of the range. */
  low(min: number, max: number): number {
    return min + Math.floor(this.#chance() ** 3 * (max - min + 1))
  }

  sometimes<T>(share: number, value: () => T, otherwise: T): T {
    return this.is(share) ? value() : otherwise
  }

  rate(share: number, max: number): number {
    return this.sometimes(share, () => this.#chance() * max, 0)
  }

  some<T>(share: number, max: number, value: () => T): readonly T[] {
    return this.sometimes(share, () => Array.from({ length: this.between(1, max) }, value), [])
  }

  of<T>(values: readonly T[]): T {
    return values[this.between(0, values.length - 1)]!
  }
}

/** A random scenario with failures, from a seed. */
export function drawScenario(seed: number): Scenario {
  const draw = new Draw(seed)
  const maxLinesPerSecond = draw.sometimes(0.1, () => draw.between(1, 5), 0)
  const isLong = draw.is(0.02)
  const spells = draw.some(0.3, 2, () => drawSpell(draw))
  const losses = draw.some(0.05, 2, () => draw.between(0, 20_000))
  const scenario: Scenario = {
    seed,
    files: drawFiles(draw, isLong),
    isChecked: false,
    isAnswered: seed % 4 === 3,
    workers: draw.between(1, 3),
    maxInFlight: isLong ? 1 : draw.between(1, 4),
    maxLinesPerSecond: isLong ? 0 : maxLinesPerSecond,
    segmentBytes: draw.sometimes(0.4, () => draw.between(60, 600) * (isLong ? 40 : 1), ONE_SEGMENT_BYTES),
    // At such a rate an invocation of one second might not finish a single line, which is an error by itself.
    invocationMs:
      maxLinesPerSecond > 0 ? LONG_INVOCATION_MS : draw.sometimes(0.4, () => draw.between(300, 5_000), LONG_INVOCATION_MS),
    // An invocation that waits for the endpoint writes checkpoints all the time, and each is a step.
    checkpointMs: spells.length > 0 ? 10_000 : 1_000,
    kills: draw.some(0.6, 4, () => ({
      step: draw.between(1, 120),
      when: draw.is(0.5) ? ('before' as const) : ('after' as const),
    })),
    freezes: draw.some(0.15, 2, () => ({ step: draw.between(1, 120), ms: draw.between(1, draw.is(0.5) ? 10_000 : HOUR_MS) })),
    spells,
    losses,
    redrives: draw.some(0.15, 5, () => draw.between(0, 6 * HOUR_MS)),
    pauses: [],
    cancels: [],
    limits: [],
    healedAt: draw.between(0, 2 * HOUR_MS),
    skewMs: draw.sometimes(0.15, () => draw.between(0, MINUTE_MS), 0),
    areStaleReceiptsAccepted: draw.is(0.5),
    days: draw.is(0.02) ? 12 : losses.length > 0 ? 4 : 2,
    faults: {
      cloud: draw.rate(0.3, 0.1),
      conflict: draw.rate(0.1, 0.1),
      entry: draw.rate(0.2, 0.3),
      body: draw.rate(0.2, 0.2),
      refused: draw.rate(0.3, 0.2),
      throttled: draw.rate(0.2, 0.2),
      answerLost: draw.rate(0.3, 0.2),
      stall: draw.rate(0.3, 0.1),
      deliveredTwice: draw.rate(0.2, 0.3),
      undeleted: draw.rate(0.1, 0.3),
      straggler: draw.rate(0.3, 1),
      writtenBefore: 0,
      interrupted: 0,
    },
    calmAt: draw.between(MINUTE_MS, 3 * HOUR_MS),
    discards: [],
    ruleChanges: [],
    replays: [],
  }
  const faults = { ...scenario.faults, writtenBefore: draw.rate(0.1, 0.1), interrupted: draw.rate(0.1, 0.2) }
  const drawn = draw.is(0.04) ? withRefusedLines(draw, { ...scenario, faults }) : { ...scenario, faults }
  const checked = drawn.days > 0 && draw.is(0.5) ? withSafetyCheck(draw, drawn) : drawn
  const mistaken = seed % 3 === 1 ? withMistakes(checked, seed % 2 === 0) : checked
  const tables = seed % 5 === 2 ? withCsvFile(mistaken) : mistaken
  const ordered = withOrders(draw, { ...tables, discards: draw.some(0.2, 3, () => draw.between(0, 3 * HOUR_MS)) })
  return withReplays(draw, withRules(draw, ordered))
}

/** A person fixes rejected lines, and what is rejected again, at times before the first import has ended. */
function withReplays(draw: Draw, scenario: Scenario): Scenario {
  const replays = draw.some(0.3, 5, () => ({
    at: draw.is(0.4) ? draw.between(0, 10_000) : draw.between(0, 6 * HOUR_MS),
    ...(draw.is(0.1) && { cancelledAfter: draw.low(0, 5_000) }),
    ...(scenario.days > 1 && draw.is(0.03) && { isEventLost: true as const }),
    ...(draw.is(0.4) && { isOfArchived: true as const }),
  }))
  return { ...scenario, replays }
}

/** The files that are held also have the same mistake on many lines, or only that. */
function withMistakes(scenario: Scenario, isOnlyThat: boolean): Scenario {
  const files = scenario.files.map((file): FileScenario => {
    if (file.decision === undefined) return file
    const kept = isOnlyThat ? file.lines.filter((kind) => kind !== 'merge') : file.lines
    const gap = Math.ceil(MISTAKES / kept.length)
    const lines = kept.flatMap((kind, index): readonly LineKind[] => [
      kind,
      ...Array.from({ length: gap + (index % 3) }, () => 'no-time' as const),
    ])
    return { ...file, lines }
  })
  return { ...scenario, files }
}

const MISTAKES = MAX_SAME_REASON + 10

/** The last file is a CSV file. */
function withCsvFile(scenario: Scenario): Scenario {
  const { files } = scenario
  const isLast = (id: number): boolean => id === files.length - 1
  const isOther = ({ isTable, newVersionOf }: FileScenario, id: number): boolean =>
    isTable || newVersionOf !== undefined || !isLast(id)
  return { ...scenario, files: files.map((file, id) => (isOther(file, id) ? file : { ...file, isCsv: true })) }
}

/** A person changes the import rules, while a file is imported, or later. */
function withRules(draw: Draw, scenario: Scenario): Scenario {
  return { ...scenario, ruleChanges: draw.some(0.3, 4, () => draw.low(0, scenario.spells.length > 0 ? 2 * HOUR_MS : 5_000)) }
}

/** A person pauses the imports, or cancels a file: while it is imported, or while a service fails. */
function withOrders(draw: Draw, scenario: Scenario): Scenario {
  const latest = scenario.spells.length > 0 ? HOUR_MS : 3_000
  const pauses = draw.some(0.15, 2, () => {
    const from = draw.low(0, latest)
    return { from, to: from + draw.low(1_000, HOUR_MS) }
  })
  const cancels = draw.some(0.15, 2, () => ({ file: draw.between(0, scenario.files.length - 1), at: draw.low(0, latest) }))
  // At such a rate a short invocation might not finish a single line.
  const limits = draw.some(scenario.invocationMs === LONG_INVOCATION_MS ? 0.15 : 0, 1, () => {
    const from = draw.low(0, latest)
    return { from, to: from + draw.low(1_000, HOUR_MS), linesPerSecond: draw.between(1, 20) }
  })
  return { ...scenario, pauses, cancels, limits }
}

/** The safety check is on, and some of the files trip it: a person releases or discards them, or a newer version comes first. */
function withSafetyCheck(draw: Draw, scenario: Scenario): Scenario {
  const files = scenario.files.map((file, id): FileScenario => {
    const isNewVersion = id > 0 && file.isVersioned && scenario.files[0]?.isVersioned === true && draw.is(0.5)
    const known = { ...file, ...(isNewVersion && { newVersionOf: 0 }) }
    if (file.isTable || draw.is(0.5)) return known
    const merges = Array.from({ length: draw.between(5, 8) }, () => 'merge' as const)
    const lines = merges.reduce<readonly LineKind[]>(
      (all, merge) => all.toSpliced(draw.between(1, all.length), 0, merge),
      file.lines,
    )
    const kind = draw.is(0.7) ? 'released' : 'discarded'
    const at = draw.low(0, 6 * HOUR_MS)
    return { ...known, lines, decision: { kind, at, isByTag: at % 2 === 0 } }
  })
  return { ...scenario, files, isChecked: true }
}

/**
 * Some lines are refused always. If nothing else is left to compare them with, their import is deferred again and again, so nothing else
 * may take long: it ends after a few hours, in which the daily search never runs.
 */
function withRefusedLines(draw: Draw, scenario: Scenario): Scenario {
  const share = draw.rate(1, 0.5)
  const files = scenario.files.map((file) => ({
    ...file,
    lines: file.lines.map((kind, index) => (index > 0 && draw.is(share) ? 'refused' : kind)),
    isEventLost: false,
  }))
  return { ...scenario, files, losses: [], days: 0, invocationMs: LONG_INVOCATION_MS }
}

function drawFiles(draw: Draw, isLong: boolean): readonly FileScenario[] {
  if (isLong) return [drawFile(draw, draw.between(200, 400))]
  const count = draw.sometimes(0.3, () => draw.between(2, 3), 1)
  return Array.from({ length: count }, () => drawFile(draw, draw.between(0, Math.floor(29 / count))))
}

function drawFile(draw: Draw, more: number): FileScenario {
  const leavesAt = draw.sometimes(0.08, () => draw.between(1, draw.is(0.7) ? 3_000 : HOUR_MS), undefined)
  const isTable = draw.is(0.03)
  return {
    // The first line is valid: without a JSON object among its first lines, a file is rejected as a whole.
    lines: ['valid', ...Array.from({ length: isTable ? more + 3 : more }, () => draw.of(KINDS))],
    isTable,
    isPacked: draw.is(0.2),
    isVersioned: draw.is(0.7),
    arrivesAt: draw.sometimes(0.3, () => draw.between(0, 20_000), 0),
    ...(leavesAt !== undefined && { leavesAt }),
    isEventLost: draw.is(0.03),
    extraEvents: draw.sometimes(0.15, () => draw.between(1, 2), 0),
  }
}

/** Most spells are short: the fifth hour of an outage costs as much time as the first, and finds less. */
function drawSpell(draw: Draw): Spell {
  const [kind, longest] = draw.of(SPELLS)
  const from = draw.between(0, 2_000)
  const isVeryLong = kind === 'down' && draw.is(0.02)
  return { kind, from, to: from + draw.low(1_000, isVeryLong ? 5 * DAY_MS : longest) }
}
