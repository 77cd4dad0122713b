import { describe, expect, test } from '@jest/globals'
import { crashPoints, ONE_PIECE, SEGMENTS } from './crash-points.ts'
import { calm, type Scenario } from './scenario.ts'
import { violationOf } from './shrink.ts'
import { simulate } from './simulation.ts'

const MINUTE_MS = 60_000

/** Cancels the file before each action, or every n-th. */
async function cancelled(scenario: Scenario, every = 1): Promise<readonly Scenario[]> {
  const { steps } = await simulate(scenario)
  const at = Array.from({ length: Math.ceil(steps / every) }, (_, index) => 1 + index * every)
  return at.map((step) => ({ ...scenario, cancels: [{ file: 0, step }] }))
}

const FILES = [
  ['in one piece', ONE_PIECE, 3],
  ['in segments, by two workers', SEGMENTS, 7],
] as const

describe.each(FILES)('a file of six lines, %s', (_how, scenario, every) => {
  test('can be cancelled before each action', async () => {
    const ends = new Set<number>()
    for (const each of await cancelled(scenario)) ends.add((await simulate(each)).cancelled)
    expect([...ends].toSorted()).toEqual([0, 1]) // 0: its import had ended
  })

  test('can be cancelled before each action while a worker is killed at each', async () => {
    let pairs = 0
    for (const each of await cancelled(scenario, every))
      for (const kill of (await crashPoints(each)).filter((_kill, index) => index % every === 0)) {
        expect([each.cancels, kill, await violationOf({ ...each, kills: [kill] })]).toEqual([each.cancels, kill, undefined])
        pairs += 1
      }
    expect(pairs).toBeGreaterThan(100)
  })
})

describe('a pause', () => {
  const lines = Array.from({ length: 300 }, () => 'valid' as const)
  const paused = (from: number, minutes: number): Scenario => ({
    ...calm(lines),
    checkpointMs: 10_000,
    pauses: [{ from, to: from + minutes * MINUTE_MS }],
  })

  test.each([0, 300, 2_000])('that begins after %d ms stops the import, which then continues', async (from) => {
    expect(await violationOf(paused(from, 30))).toBeUndefined()
  })

  test('during an outage ends neither the pause nor the outage', async () => {
    const down = { kind: 'down', from: 200, to: 40 * MINUTE_MS } as const
    expect(await violationOf({ ...paused(10 * MINUTE_MS, 60), spells: [down] })).toBeUndefined()
  })

  test('of a day costs about one message a minute, whatever SQS delivers twice', async () => {
    const calmAt = 24 * 60 * MINUTE_MS
    const { faults, ...rest } = paused(300, 24 * 60)
    const { invocations } = await simulate({ ...rest, faults: { ...faults, undeleted: 0.2 }, calmAt })
    expect(invocations).toBeGreaterThan(24 * 60)
    expect(invocations).toBeLessThan(2 * 24 * 60)
  })
})
