import { calm, plainFile, type Kill, type LineKind, type Scenario } from './scenario.ts'
import { violationOf } from './shrink.ts'
import { simulate } from './simulation.ts'

/** One line of each kind. */
const SIX_LINES: readonly LineKind[] = ['valid', 'no-time', 'two-requests', 'blank', 'too-long-for-the-endpoint', 'valid']

export const ONE_PIECE = calm(SIX_LINES)
export const SEGMENTS: Scenario = { ...calm(SIX_LINES), segmentBytes: 90, workers: 2 }
export const REQUEUED: Scenario = { ...calm(SIX_LINES), maxInFlight: 1, invocationMs: 130 }

/** A file that is held: surveyed in segments, and released by a person. */
export const HELD: Scenario = {
  ...SEGMENTS,
  segmentBytes: 250,
  isChecked: true,
  isAnswered: true,
  files: [
    {
      ...plainFile([...SIX_LINES, ...Array.from({ length: 5 }, () => 'merge' as const)]),
      decision: { kind: 'released', at: 20_000 },
    },
  ],
}

/** Its rejected lines are fixed by a person, and those that are rejected again once more. */
export const FIXED: Scenario = {
  ...calm(['valid', 'no-time', 'no-json', 'too-long-for-the-endpoint', 'too-long-for-now']),
  seed: 3,
  isAnswered: true,
  healedAt: 4_000_000,
  replays: [{ at: 5_000 }, { at: 3_600_000, isOfArchived: true }, { at: 7_200_000 }],
}

/** Every point at which a worker can be killed: before and after each of its externally visible actions. */
export async function crashPoints(scenario: Scenario): Promise<readonly Kill[]> {
  const { steps } = await simulate(scenario)
  return Array.from({ length: steps }, (_, index) => index + 1).flatMap((step) => [
    { step, when: 'before' as const },
    { step, when: 'after' as const },
  ])
}

export interface PairFindings {
  readonly pairs: number
  readonly broken: readonly (readonly [first: Kill, second: Kill, violation: string])[]
}

/**
 * Kills a worker at pairs of points.
 *
 * @param every 1 for every pair, 7 for every seventh
 */
export async function killAtPairs(scenario: Scenario, every = 1): Promise<PairFindings> {
  const broken: [Kill, Kill, string][] = []
  let index = 0
  let pairs = 0
  for (const first of await crashPoints(scenario)) {
    for (const second of await crashPoints({ ...scenario, kills: [first] })) {
      if (second.step <= first.step || (index += 1) % every !== 0) continue
      pairs += 1
      const violation = await violationOf({ ...scenario, kills: [first, second] })
      if (violation !== undefined) broken.push([first, second, violation])
    }
  }
  return { pairs, broken }
}
