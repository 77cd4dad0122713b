import { seeded } from '../../support/seeded.ts'

/** What a line of a simulated drop is, which is also how it has to end. */
export type LineKind = 'valid' | 'two-requests' | 'too-long-for-the-endpoint' | 'no-time' | 'no-json' | 'blank'

/** From time to time, in virtual milliseconds since the start. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/** A worker dies at its n-th externally visible action, counted over all workers: before it has its effect, or right after. */
export interface Kill {
  readonly step: number
  readonly when: 'before' | 'after'
}

/** Everything that a run depends on: the same scenario is the same run, action for action. */
export interface Scenario {
  readonly seed: number
  readonly lines: readonly LineKind[]
  readonly workers: number
  readonly maxInFlight: number
  readonly maxLinesPerSecond: number
  readonly segmentBytes: number
  readonly invocationMs: number
  readonly kills: readonly Kill[]
  /** The endpoint answers nobody. */
  readonly outage: Interval
  /** The key is wrong. */
  readonly wrongSetup: Interval
  readonly isEventLost: boolean
  readonly extraEvents: number
  /** Chance of each action to go wrong. */
  readonly faults: Faults
}

export interface Faults {
  /** An action of S3 or SQS fails, before or after its effect. */
  readonly cloud: number
  /** An entry of a batch is refused while others are taken. */
  readonly entry: number
  /** A body breaks off, or ends early. */
  readonly body: number
  /** The endpoint answers with an error. */
  readonly refused: number
  /** The endpoint takes a request, and its answer is lost. */
  readonly answerLost: number
  /** An answer comes late. */
  readonly stall: number
  /** SQS shows a message again while it is worked on. */
  readonly shownTwice: number
}

export const NO_FAULTS: Faults = { cloud: 0, entry: 0, body: 0, refused: 0, answerLost: 0, stall: 0, shownTwice: 0 }

const NEVER: Interval = { from: 0, to: 0 }
const HOUR_MS = 3_600_000

const KINDS: readonly LineKind[] = [
  'valid',
  'valid',
  'valid',
  'valid',
  'two-requests',
  'too-long-for-the-endpoint',
  'no-time',
  'no-json',
  'blank',
]

/** The quietest run: one worker, nothing goes wrong. */
export function calm(lines: readonly LineKind[]): Scenario {
  return {
    seed: 1,
    lines,
    workers: 1,
    maxInFlight: 2,
    maxLinesPerSecond: 0,
    segmentBytes: 1_000_000,
    invocationMs: 600_000,
    kills: [],
    outage: NEVER,
    wrongSetup: NEVER,
    isEventLost: false,
    extraEvents: 0,
    faults: NO_FAULTS,
  }
}

/** A run with troubles, as the seed has it. */
export function drawScenario(seed: number): Scenario {
  const chance = seeded(seed)
  const from = (least: number, most: number): number => least + Math.floor(chance() * (most - least + 1))
  const sometimes = <T>(share: number, value: () => T, otherwise: T): T => (chance() < share ? value() : otherwise)
  const rate = (share: number, most: number): number => sometimes(share, () => chance() * most, 0)
  const maxLinesPerSecond = sometimes(0.1, () => from(1, 5), 0)
  return {
    seed,
    // The first is valid: what becomes of a drop without one object in its head is another matter, and has tests of its own.
    lines: ['valid', ...Array.from({ length: from(0, 29) }, () => KINDS[from(0, KINDS.length - 1)] ?? 'valid')],
    workers: from(1, 3),
    maxInFlight: from(1, 4),
    maxLinesPerSecond,
    segmentBytes: sometimes(0.4, () => from(60, 600), 1_000_000),
    // So slow that an invocation of a second would not bring it one line further, which is an error by itself.
    invocationMs: maxLinesPerSecond > 0 ? 600_000 : sometimes(0.4, () => from(300, 5_000), 600_000),
    kills: Array.from({ length: sometimes(0.6, () => from(1, 4), 0) }, () => ({
      step: from(1, 120),
      when: chance() < 0.5 ? ('before' as const) : ('after' as const),
    })),
    outage: sometimes(0.15, () => interval(from(0, 2_000), from(1_000, 8 * HOUR_MS)), NEVER),
    wrongSetup: sometimes(0.05, () => interval(from(0, 2_000), from(1_000, 2 * HOUR_MS)), NEVER),
    isEventLost: chance() < 0.03,
    extraEvents: sometimes(0.15, () => from(1, 2), 0),
    faults: {
      cloud: rate(0.3, 0.1),
      entry: rate(0.2, 0.3),
      body: rate(0.2, 0.2),
      refused: rate(0.4, 0.2),
      answerLost: rate(0.3, 0.2),
      stall: rate(0.3, 0.1),
      shownTwice: rate(0.2, 0.3),
    },
  }
}

function interval(from: number, length: number): Interval {
  return { from, to: from + length }
}

/** Scenarios that are a little simpler, the simplest first: to find the smallest that still fails. */
export function* simpler(scenario: Scenario): Generator<Scenario> {
  const { lines, kills, faults } = scenario
  for (let size = Math.ceil(lines.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let at = 1; at < lines.length; at += size) yield { ...scenario, lines: lines.toSpliced(at, size) }
  for (let at = 0; at < kills.length; at += 1) yield { ...scenario, kills: kills.toSpliced(at, 1) }
  for (const name of Object.keys(faults) as (keyof Faults)[])
    if (faults[name] > 0) yield { ...scenario, faults: { ...faults, [name]: 0 } }
  if (scenario.outage.to > 0) yield { ...scenario, outage: NEVER }
  if (scenario.wrongSetup.to > 0) yield { ...scenario, wrongSetup: NEVER }
  if (scenario.extraEvents > 0) yield { ...scenario, extraEvents: 0 }
  if (scenario.isEventLost) yield { ...scenario, isEventLost: false }
  if (scenario.workers > 1) yield { ...scenario, workers: 1 }
  if (scenario.invocationMs < 600_000) yield { ...scenario, invocationMs: 600_000 }
  if (scenario.segmentBytes < 1_000_000) yield { ...scenario, segmentBytes: 1_000_000 }
  if (scenario.maxLinesPerSecond > 0) yield { ...scenario, maxLinesPerSecond: 0 }
}
