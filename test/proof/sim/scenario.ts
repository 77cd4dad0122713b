import { seeded } from '../../support/seeded.ts'

/** What a line of a simulated file is. It decides how the line must end. */
export type LineKind = 'valid' | 'two-requests' | 'too-long-for-the-endpoint' | 'no-time' | 'no-json' | 'blank'

/** A period, in virtual milliseconds since the start. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/** A worker is killed at the n-th externally visible action of all workers: before it takes effect, or right after. */
export interface Kill {
  readonly step: number
  readonly when: 'before' | 'after'
}

/** Everything that a run depends on. The same scenario gives the same run, action by action. */
export interface Scenario {
  readonly seed: number
  readonly lines: readonly LineKind[]
  readonly workers: number
  readonly maxInFlight: number
  readonly maxLinesPerSecond: number
  readonly segmentBytes: number
  readonly invocationMs: number
  readonly kills: readonly Kill[]
  /** When the endpoint does not answer. */
  readonly outage: Interval
  /** When the API key is wrong. */
  readonly wrongSetup: Interval
  readonly isEventLost: boolean
  readonly extraEvents: number
  /** How likely each action is to fail. */
  readonly faults: Faults
}

export interface Faults {
  /** An action of S3 or SQS fails, before or after it takes effect. */
  readonly cloud: number
  /** SQS refuses an entry of a batch and accepts the others. */
  readonly entry: number
  /** A body breaks off with an error, or ends early without one. */
  readonly body: number
  /** The endpoint answers with an error. */
  readonly refused: number
  /** The endpoint accepts a request, and its answer is lost. */
  readonly answerLost: number
  /** An answer is late. */
  readonly stall: number
  /** SQS delivers a message again while it is being worked on. */
  readonly deliveredTwice: number
}

export const NO_FAULTS: Faults = { cloud: 0, entry: 0, body: 0, refused: 0, answerLost: 0, stall: 0, deliveredTwice: 0 }

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

/** One worker, and nothing fails. */
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

/** A random scenario with failures, from a seed. */
export function drawScenario(seed: number): Scenario {
  const chance = seeded(seed)
  const between = (min: number, max: number): number => min + Math.floor(chance() * (max - min + 1))
  const sometimes = <T>(share: number, value: () => T, otherwise: T): T => (chance() < share ? value() : otherwise)
  const rate = (share: number, max: number): number => sometimes(share, () => chance() * max, 0)
  const maxLinesPerSecond = sometimes(0.1, () => between(1, 5), 0)
  return {
    seed,
    // The first line is valid, because a file without an object among its first lines is rejected as a whole. That has its own tests.
    lines: ['valid', ...Array.from({ length: between(0, 29) }, () => KINDS[between(0, KINDS.length - 1)] ?? 'valid')],
    workers: between(1, 3),
    maxInFlight: between(1, 4),
    maxLinesPerSecond,
    segmentBytes: sometimes(0.4, () => between(60, 600), 1_000_000),
    // At such a rate an invocation of one second might not finish a single line, which is an error by itself.
    invocationMs: maxLinesPerSecond > 0 ? 600_000 : sometimes(0.4, () => between(300, 5_000), 600_000),
    kills: Array.from({ length: sometimes(0.6, () => between(1, 4), 0) }, () => ({
      step: between(1, 120),
      when: chance() < 0.5 ? ('before' as const) : ('after' as const),
    })),
    outage: sometimes(0.15, () => interval(between(0, 2_000), between(1_000, 8 * HOUR_MS)), NEVER),
    wrongSetup: sometimes(0.05, () => interval(between(0, 2_000), between(1_000, 2 * HOUR_MS)), NEVER),
    isEventLost: chance() < 0.03,
    extraEvents: sometimes(0.15, () => between(1, 2), 0),
    faults: {
      cloud: rate(0.3, 0.1),
      entry: rate(0.2, 0.3),
      body: rate(0.2, 0.2),
      refused: rate(0.4, 0.2),
      answerLost: rate(0.3, 0.2),
      stall: rate(0.3, 0.1),
      deliveredTwice: rate(0.2, 0.3),
    },
  }
}

function interval(start: number, length: number): Interval {
  return { from: start, to: start + length }
}

/** Scenarios that are one step simpler, the simplest first. */
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
