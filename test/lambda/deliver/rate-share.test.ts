import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { claimShare, CLOCK_MARGIN_MS, releaseShare, type RateShares } from '../../../lambda/deliver/rate-share.ts'

const LEASE_MS = 15_000

interface Step {
  readonly run: number
  readonly act: 'claim' | 'release' | 'die'
  readonly wants: number | undefined
  readonly waitMs: number
}

const steps = fc.array(
  fc.record({
    run: fc.nat(9),
    act: fc.constantFrom<Step['act'][]>('claim', 'claim', 'claim', 'release', 'die'),
    wants: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
    waitMs: fc.nat(6_000),
  }),
  { maxLength: 60 },
)

const sum = ({ holders }: RateShares, now: number) =>
  holders.filter(({ until }) => until > now).reduce((total, { share }) => total + share, 0)

test('whatever runs do, their shares never add up to more than the limit', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 1_000 }), (all, limit) => {
      let now = 1_000_000
      let shares: RateShares = { limit, holders: [] }
      for (const { run, act, wants, waitMs } of all) {
        now += waitMs
        if (act === 'claim') shares = claimShare(shares, { run: `r${run}`, limit, wants, now, leaseMs: LEASE_MS })
        if (act === 'release') shares = releaseShare(shares, `r${run}`)
        expect(sum(shares, now)).toBeLessThanOrEqual(limit * 1.000_001)
        for (const { share } of shares.holders) expect(share).toBeGreaterThanOrEqual(0)
      }
    }),
  )
})

/** The part of each run if nobody gets more than it wants, and nobody can get more without taking it from one that has less. */
function fairShares(wants: readonly (number | undefined)[], limit: number): readonly number[] {
  const sharesUpTo = (most: number) => wants.map((each) => Math.min(each ?? Infinity, most))
  let [low, high] = [0, limit]
  for (let halving = 0; halving < 60; halving += 1) {
    const middle = (low + high) / 2
    if (sharesUpTo(middle).reduce((total, share) => total + share, 0) <= limit) low = middle
    else high = middle
  }
  return sharesUpTo(low)
}

/** Runs look at their orders, and renew their shares, so often. */
const ROUND_MS = 5_000

test('runs that renew in any order never exceed the limit, and each has its fair share after its third renewal', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }), { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 1_000 }),
      steps,
      fc.gen(),
      (runs, limit, before, draw) => {
        let now = 1_000_000
        let shares: RateShares = { limit, holders: [] }
        const claim = (run: string, wants: number | undefined) => {
          shares = claimShare(shares, { run, limit, wants, now, leaseMs: LEASE_MS })
          expect(sum(shares, now)).toBeLessThanOrEqual(limit * 1.000_001)
        }
        // Earlier runs, which are dead when these begin.
        for (const { run, wants, waitMs } of before) {
          now += waitMs
          claim(`earlier ${run}`, wants)
        }
        now += LEASE_MS + CLOCK_MARGIN_MS
        for (let round = 1; round <= 3; round += 1) {
          const order = draw(fc.shuffledSubarray, [...runs.keys()], { minLength: runs.length })
          for (const run of order) {
            now += ROUND_MS / runs.length
            claim(`r${run}`, runs[run])
          }
        }
        const held = runs.map((_wants, run) => shares.holders.find((holder) => holder.run === `r${run}`)?.share)
        expect(held).toEqual(fairShares(runs, limit).map((share) => expect.closeTo(share, 3) as unknown))
        expect(shares.holders).toHaveLength(runs.length)
      },
    ),
  )
})

// prettier-ignore
test.each([
  //  after                  the share of a run that is dead
  [ LEASE_MS,                50 ], // the clocks of the two may differ
  [ LEASE_MS + CLOCK_MARGIN_MS, 100 ],
])('after %d ms, another run gets a share of %d', (ms, share) => {
  const first = claimShare(undefined, { run: 'dead', limit: 100, now: 0, leaseMs: LEASE_MS, wants: 50 })
  expect(claimShare(first, { run: 'r', limit: 100, now: ms, leaseMs: LEASE_MS }).holders.find(({ run }) => run === 'r')).toEqual({
    run: 'r',
    share,
    until: ms + LEASE_MS,
  })
})

test('a new run gets nothing while the others hold everything, and its part when they have renewed', () => {
  const claim = (shares: RateShares | undefined, run: string) =>
    claimShare(shares, { run, limit: 100, now: 0, leaseMs: LEASE_MS })
  const shareOf = (shares: RateShares, name: string) => shares.holders.find(({ run }) => run === name)?.share
  let shares = claim(undefined, 'a')
  shares = claim(shares, 'b')
  expect([shareOf(shares, 'a'), shareOf(shares, 'b')]).toEqual([100, 0])
  shares = claim(claim(shares, 'a'), 'b')
  expect([shareOf(shares, 'a'), shareOf(shares, 'b')]).toEqual([50, 50])
})
