import { expect, test } from '@jest/globals'
import { calm, type Kill, type LineKind, type Scenario } from './scenario.ts'
import { violationOf } from './shrink.ts'
import { simulate } from './simulation.ts'

/** One of each kind. */
const SIX: readonly LineKind[] = ['valid', 'no-time', 'two-requests', 'blank', 'too-long-for-the-endpoint', 'valid']

/** Every place where a worker can die: before and after each thing it does that others can see. */
async function crashPoints(scenario: Scenario): Promise<readonly Kill[]> {
  const { steps } = await simulate(scenario)
  return Array.from({ length: steps }, (_, index) => index + 1).flatMap((step) => [
    { step, when: 'before' as const },
    { step, when: 'after' as const },
  ])
}

const ONE_PIECE = calm(SIX)
const CUT = { ...calm(SIX), segmentBytes: 90, workers: 2 }
const REQUEUED = { ...calm(SIX), maxInFlight: 1, invocationMs: 90 }

test.each([
  ['in one piece', ONE_PIECE],
  ['cut into segments, two at a time', CUT],
  ['handed on from one invocation to the next', REQUEUED],
])('a drop of six lines, %s, survives a crash at every point', async (_how, scenario) => {
  const points = await crashPoints(scenario)
  expect(points.length).toBeGreaterThan(30)
  for (const kill of points) expect([kill, await violationOf({ ...scenario, kills: [kill] })]).toEqual([kill, undefined])
})

test.each([
  ['in one piece', ONE_PIECE, 900],
  ['cut into segments, two at a time', CUT, 4_000],
])(
  'and, %s, at every pair of points',
  async (_how, scenario, atLeast) => {
    const broken: unknown[] = []
    let pairs = 0
    for (const first of await crashPoints(scenario)) {
      for (const second of await crashPoints({ ...scenario, kills: [first] })) {
        if (second.step <= first.step) continue
        pairs += 1
        const violation = await violationOf({ ...scenario, kills: [first, second] })
        if (violation !== undefined) broken.push([first, second, violation])
      }
    }
    expect(broken).toEqual([])
    expect(pairs).toBeGreaterThan(atLeast)
  },
  300_000,
)
