import { describe, expect, test } from '@jest/globals'
import { calm, drawScenario, type Scenario } from './scenario.ts'
import { violationOf } from './shrink.ts'
import { simulate } from './simulation.ts'

const HOUR_MS = 3_600_000

test('two thousand seeds of troubles, and every promise is kept', async () => {
  const broken: unknown[] = []
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const violation = await violationOf(drawScenario(seed))
    if (violation !== undefined) broken.push([seed, violation])
  }
  expect(broken).toEqual([])
}, 300_000)

test('the same seed is the same run, step for step', async () => {
  for (const seed of [3, 8, 97]) expect(await simulate(drawScenario(seed))).toEqual(await simulate(drawScenario(seed)))
})

describe('an outage of six hours', () => {
  const lines = Array.from({ length: 300 }, () => 'valid' as const)
  const down: Scenario = { ...calm(lines), maxInFlight: 16, outage: { from: 200, to: 6 * HOUR_MS } }

  test('loses nothing, makes no dead letter, and ends with all delivered', async () => {
    expect(await violationOf(down)).toBeUndefined()
  })

  test('is not sat out by asking again and again', async () => {
    const inVain = (await simulate(down)).requests - lines.length
    expect(inVain).toBeLessThan((6 * 3_600) / 10) // one in ten seconds
  })
})

test('a drop that needs forty invocations is imported whole', async () => {
  const lines = Array.from({ length: 800 }, () => 'valid' as const)
  const scenario = { ...calm(lines), maxInFlight: 1, invocationMs: 350 }
  expect(await violationOf(scenario)).toBeUndefined()
  expect((await simulate(scenario)).invocations).toBeGreaterThanOrEqual(40)
})

test('a wrong key keeps the work waiting, and when it is mended all of it is delivered', async () => {
  const lines = Array.from({ length: 50 }, () => 'valid' as const)
  expect(await violationOf({ ...calm(lines), wrongSetup: { from: 300, to: HOUR_MS } })).toBeUndefined()
})
