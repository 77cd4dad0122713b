import { expect, test } from '@jest/globals'
import { crashPoints, FIXED, HELD, killAtPairs, ONE_PIECE, REQUEUED, SEGMENTS } from './crash-points.ts'
import { violationOf } from './shrink.ts'

test.each([
  ['in one piece', ONE_PIECE],
  ['in segments, by two workers', SEGMENTS],
  ['requeued from one invocation to the next', REQUEUED],
  ['and five that have it held, until it is released', HELD],
  ['and its rejected lines fixed, and fixed again', FIXED],
])('a file of six lines, %s, survives a crash at every point', async (_how, scenario) => {
  const points = await crashPoints(scenario)
  expect(points.length).toBeGreaterThan(30)
  for (const kill of points) expect([kill, await violationOf({ ...scenario, kills: [kill] })]).toEqual([kill, undefined])
})

// All pairs are run by npm run sim -- --crashes. Of these, each point of a first crash still meets several of a second one, and others than the
// point before it, because fewer are left each time.
test.each([
  ['at every third pair of points', 'in one piece', ONE_PIECE, 3, 300],
  ['at every thirty-first pair of points', 'in segments, by two workers', SEGMENTS, 31, 120],
])('it survives crashes %s, %s', async (_where, _how, scenario, every, minPairs) => {
  const { pairs, broken } = await killAtPairs(scenario, every)
  expect(broken).toEqual([])
  expect(pairs).toBeGreaterThan(minPairs)
})
