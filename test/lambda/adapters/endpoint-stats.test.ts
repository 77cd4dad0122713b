import { expect, test } from '@jest/globals'
import { EndpointStats } from '../../../lambda/adapters/endpoint-stats.ts'

// prettier-ignore
test.each([
  //  status        busy  errors
  [ 200,            0,    0 ],
  [ 302,            0,    0 ],
  [ 400,            0,    0 ],
  [ 429,            1,    0 ],
  [ 503,            1,    0 ],
  [ 500,            0,    1 ],
  [ undefined,      0,    1 ],
])('an attempt that ends with %p', (status, busy, errors) => {
  const stats = new EndpointStats()
  stats.record(status, 7)
  expect(stats.take()).toEqual({ attempts: 1, busy, errors, milliseconds: [7] })
  expect(stats.take()).toEqual({ attempts: 0, busy: 0, errors: 0, milliseconds: [] })
})

test('only the newest durations are kept, and none of an attempt that sent nothing', () => {
  const stats = new EndpointStats()
  for (let ms = 0; ms < 1_000; ms += 1) stats.record(200, ms)
  stats.record(undefined, undefined)
  const { attempts, milliseconds } = stats.take()
  expect(attempts).toBe(1_001)
  expect(milliseconds.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => 980 + index))
})
