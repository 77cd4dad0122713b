import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RecoveryCurve } from '../../../../lambda/deliver/throttle/recovery-curve.ts'

/** The limit after so many more milliseconds of use. */
function after(curve: RecoveryCurve, ms: number): number {
  for (let passed = 0; passed < ms; passed += 50) curve.advance(50)
  return curve.limit
}

test('there is no limit before the first refusal, however much time passes', () => {
  const curve = new RecoveryCurve(0.5)
  expect(curve.limit).toBe(Infinity)
  expect(after(curve, 60_000)).toBe(Infinity)
})

test('recovery is fast at first, slow near the refused limit, and faster again beyond it', () => {
  const curve = new RecoveryCurve(0.5)
  curve.reduce(100)
  const limits = [0, 1_000, 1_500, 2_500, 2_500, 2_500].map((ms) => Math.round(after(curve, ms)))
  expect(limits).toEqual([50, 74, 94, 100, 106, 165])
})

test('a limit that is refused again falls by less and recovers more slowly', () => {
  const curve = new RecoveryCurve(0.5)
  curve.reduce(100)
  const limits = [after(curve, 0)]
  for (const ms of [6_000, 11_000]) {
    after(curve, ms)
    curve.reduce(102)
    limits.push(Math.round(curve.limit))
  }
  expect(limits).toEqual([50, 77, 89])
  expect(after(curve, 10_000)).toBeLessThan(102)
})

test('a refusal at another limit, or soon after the last one, counts as the first', () => {
  const curve = new RecoveryCurve(0.5)
  curve.reduce(100)
  after(curve, 6_000)
  curve.reduce(60)
  expect(curve.limit).toBe(30)
  curve.reduce(55)
  expect(curve.limit).toBe(27.5)
})

test('a long time between two answers counts for little', () => {
  const curve = new RecoveryCurve(0.5)
  curve.reduce(100)
  curve.advance(3_600_000)
  expect(curve.limit).toBeLessThan(60)
})

test('the limit never falls while time passes, and a refusal always puts it below the refused limit', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.05, max: 0.9, noNaN: true }),
      fc.array(fc.record({ refused: fc.integer({ min: 1, max: 1_000 }), steps: fc.array(fc.nat(500), { maxLength: 50 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
      (reduction, incidents) => {
        const curve = new RecoveryCurve(reduction)
        for (const { refused, steps } of incidents) {
          curve.reduce(refused)
          expect(curve.limit).toBeLessThan(refused)
          for (const ms of steps) {
            const before = curve.limit
            curve.advance(ms)
            expect(curve.limit).toBeGreaterThanOrEqual(before)
          }
        }
      },
    ),
  )
})
