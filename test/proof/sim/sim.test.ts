import { describe, expect, test } from '@jest/globals'
import { drawScenario } from './draw.ts'
import { calm, type LineKind, type Scenario } from './scenario.ts'
import { violationOf } from './shrink.ts'
import { simulate } from './simulation.ts'

const HOUR_MS = 3_600_000

// `npm run sim` runs 2,000 seeds, or as many as --seeds says.
test('every promise is kept in 150 random scenarios', async () => {
  const broken: unknown[] = []
  const met = {
    deaths: 0,
    redrives: 0,
    ambiguous: 0,
    deferred: 0,
    pauses: 0,
    cancelled: 0,
    held: 0,
    grouped: 0,
    ruleChanges: 0,
    replays: 0,
  }
  for (let seed = 1; seed <= 150 && broken.length < 3; seed += 1) {
    try {
      const figures = await simulate(drawScenario(seed))
      for (const each of Object.keys(met) as (keyof typeof met)[]) if (figures[each] > 0) met[each] += 1
    } catch (error) {
      broken.push([seed, error])
    }
  }
  expect(broken).toEqual([])
  const { deferred, ...often } = met
  expect(deferred).toBeGreaterThan(0)
  for (const scenarios of Object.values(often)) expect(scenarios).toBeGreaterThan(5)
})

test('the same seed gives the same run, step by step', async () => {
  for (const seed of [3, 8, 97]) expect(await simulate(drawScenario(seed))).toEqual(await simulate(drawScenario(seed)))
})

describe('an outage of six hours', () => {
  const lines = Array.from({ length: 300 }, () => 'valid' as const)
  const down: Scenario = { ...calm(lines), maxInFlight: 16, spells: [{ kind: 'down', from: 200, to: 6 * HOUR_MS }] }

  test('loses nothing, makes no dead letters, and ends with all lines delivered', async () => {
    expect(await violationOf(down)).toBeUndefined()
  })

  test('is not spent on retries', async () => {
    const failed = (await simulate(down)).requests - lines.length
    expect(failed).toBeLessThan((6 * 3_600) / 10) // one request in ten seconds
  })
})

test('a file that needs forty invocations is imported completely', async () => {
  const lines = Array.from({ length: 800 }, () => 'valid' as const)
  const scenario = { ...calm(lines), maxInFlight: 1, invocationMs: 350 }
  expect(await violationOf(scenario)).toBeUndefined()
  expect((await simulate(scenario)).invocations).toBeGreaterThanOrEqual(40)
})

describe('lines that the endpoint refuses always', () => {
  const refused = (...others: LineKind[]) => calm([...others, ...Array.from({ length: 5 }, () => 'refused' as const), ...others])

  test('become dead letters while other lines are delivered', async () => {
    expect(await simulate(refused(...Array.from({ length: 10 }, () => 'valid' as const)))).toMatchObject({ deferred: 0 })
  })

  test('are deferred, and stay in the queue, while there is nothing to compare them with', async () => {
    expect(await simulate({ ...refused(), days: 0 })).toMatchObject({ deferred: 1 })
  })
})

test('a wrong API key keeps the work in the queue, and all lines are delivered once the key is right', async () => {
  const lines = Array.from({ length: 50 }, () => 'valid' as const)
  expect(await violationOf({ ...calm(lines), spells: [{ kind: 'unauthorized', from: 300, to: HOUR_MS }] })).toBeUndefined()
})
