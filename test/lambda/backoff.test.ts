import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { backoffCeiling, fullJitter, MAX_RETRY_AFTER_MS, retryAfterMs } from '../../lambda/backoff.ts'

const BACKOFF = { first: 250, max: 20_000 }

describe('the ceiling', () => {
  // prettier-ignore
  test.each([
    //  failures   ceiling
    [ 1,           250 ],
    [ 2,           500 ],
    [ 5,           4_000 ],
    [ 7,           16_000 ],
    [ 8,           20_000 ],
    [ 5_000,       20_000 ],
  ])('after %i failures', (failures, ceiling) => {
    expect(backoffCeiling(failures, BACKOFF)).toBe(ceiling)
  })
})

describe('full jitter', () => {
  // prettier-ignore
  test.each([
    //  failures   chance   wait
    [ 1,           0,       0 ],
    [ 1,           0.5,     125 ],
    [ 2,           0.5,     250 ],
    [ 5,           0.5,     2_000 ],
    [ 8,           0.5,     10_000 ],
    [ 1_000,       0.5,     10_000 ],
  ])('after %i failures, with chance %d', (failures, chance, wait) => {
    expect(fullJitter(failures, chance, BACKOFF)).toBe(wait)
  })

  test('is never negative and stays below the ceiling, which never falls', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.record({ first: fc.integer({ min: 1, max: 1_000 }), max: fc.integer({ min: 1_000, max: 1_000_000 }) }),
        (failures, chance, backoff) => {
          const wait = fullJitter(failures, chance, backoff)
          const ceiling = backoffCeiling(failures, backoff)
          expect(wait).toBeGreaterThanOrEqual(0)
          expect(wait).toBeLessThan(ceiling)
          expect(ceiling).toBeLessThanOrEqual(backoffCeiling(failures + 1, backoff))
          expect(ceiling).toBeLessThanOrEqual(backoff.max)
        },
      ),
    )
  })
})

describe('the wait that a Retry-After header asks for', () => {
  const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')
  // prettier-ignore
  test.each([
    //  header                             milliseconds
    [ '0',                                 0 ],
    [ '3',                                 3_000 ],
    [ ' 3 ',                               3_000 ],
    [ '120',                               MAX_RETRY_AFTER_MS ],
    [ '99999999',                          MAX_RETRY_AFTER_MS ],
    [ 'Wed, 21 Oct 2026 07:28:05 GMT',     5_000 ],
    [ 'Wed, 21 Oct 2020 07:28:05 GMT',     0 ],
    [ 'Wed, 21 Oct 2099 07:28:05 GMT',     MAX_RETRY_AFTER_MS ],
    [ 'soon',                              undefined ],
    [ '1.5 s',                             undefined ],
    [ '',                                  undefined ],
  ])('%j', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms)
  })
})
