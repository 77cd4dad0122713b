import { describe, expect, test } from '@jest/globals'
import { ConcurrencyCeiling } from '../../../../lambda/deliver/throttle/concurrency-ceiling.ts'

/** Round trips with as many attempts in flight as the ceiling allows. @returns the limit after each */
function roundTrips(ceiling: ConcurrencyCeiling, count: number, latencyOf: (inFlight: number) => number): readonly number[] {
  const limits: number[] = []
  let number = 0
  let now = 0
  for (let trip = 0; trip < count; trip += 1) {
    const inFlight = Math.floor(ceiling.limit)
    const latencyMs = latencyOf(inFlight)
    const next = number + inFlight
    for (; number < next; number += 1)
      ceiling.recordAccepted({ number, at: now, inFlight, accepted: 0, failed: 0 }, now + latencyMs, next)
    now += latencyMs
    limits.push(ceiling.limit)
  }
  return limits
}

test('it starts at 8 and doubles each round trip while latency holds', () => {
  expect(roundTrips(new ConcurrencyCeiling(), 4, () => 100)).toEqual([16, 32, 64, 128])
})

test('if more in flight only makes answers slower, it settles within twice of what the endpoint works on at a time', () => {
  const ceiling = new ConcurrencyCeiling()
  const servers = 20
  const limits = roundTrips(ceiling, 300, (inFlight) => 100 * Math.max(1, inFlight / servers))
  const settled = limits.slice(100)
  expect(Math.min(...settled)).toBeGreaterThanOrEqual(servers)
  expect(Math.max(...settled)).toBeLessThanOrEqual(2.5 * servers)
})

test('if answers become slower whatever is in flight, it does not fall', () => {
  const ceiling = new ConcurrencyCeiling()
  roundTrips(ceiling, 3, () => 20)
  const before = ceiling.limit
  const limits = roundTrips(ceiling, 20, () => 200)
  expect(limits.at(-1)).toBeGreaterThanOrEqual(before * 0.9)
})

test('latencies of a few milliseconds are not compared', () => {
  const limits = roundTrips(new ConcurrencyCeiling(), 5, (inFlight) => Math.min(9, inFlight / 8))
  expect(limits.at(-1)).toBe(256)
})

describe('after an outage', () => {
  test('it starts at 8 again', () => {
    const ceiling = new ConcurrencyCeiling()
    roundTrips(ceiling, 4, () => 100)
    ceiling.restart()
    expect(ceiling.limit).toBe(8)
    expect(roundTrips(ceiling, 2, () => 100).at(-1)).toBeGreaterThan(8)
  })
})
