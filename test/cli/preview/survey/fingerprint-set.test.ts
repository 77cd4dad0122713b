import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FingerprintSet } from '../../../../cli/preview/survey/fingerprint-set.ts'

const fingerprints = fc.array(
  fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -40, max: 40 }), fc.integer({ min: 0, max: 2 })),
  { maxLength: 6_000, size: 'max' },
)

test('it knows each fingerprint with each of its contents, as a Map of Sets would', () => {
  fc.assert(
    fc.property(fingerprints, (all) => {
      const set = new FingerprintSet(10_000)
      const model = new Map<string, Set<number>>()
      const expected = all.map(([high, low, content]) => {
        const key = `${high} ${high === 0 && low === 0 ? 1 : low}` // 0 0 marks an empty slot, and is kept as 0 1
        const contents = model.get(key) ?? new Set()
        const match = contents.has(content) ? 'same' : contents.size > 0 ? 'differs' : 'new'
        model.set(key, contents.add(content))
        return match
      })
      expect(all.map(([high, low, content]) => set.add(high, low, content))).toEqual(expected)
    }),
    { numRuns: 10 },
  )
})

test('it grows, and keeps everything', () => {
  const set = new FingerprintSet(100_000)
  const matches = (): ReadonlySet<string> => {
    const all = new Set<string>()
    for (let index = 1; index <= 20_000; index += 1) all.add(set.add(index * 7, index))
    return all
  }
  expect([...matches()]).toEqual(['new'])
  expect([...matches()]).toEqual(['same'])
  expect([set.kept, set.isFull]).toEqual([20_000, false])
})

test('it is exact up to the limit, and reports that the limit was reached', () => {
  const set = new FingerprintSet(3)
  for (const low of [1, 2, 3]) set.add(0, low)
  expect([set.add(0, 3), set.isFull]).toEqual(['same', false])
  expect([set.add(0, 4), set.add(0, 4), set.isFull, set.kept]).toEqual(['full', 'full', true, 3])
  expect(set.add(0, 2, 9)).toBe('differs')
})

test('it keeps at most 64 contents of a key, so that the search for it stays fast', () => {
  const set = new FingerprintSet(1_000_000)
  for (let content = 0; content < 200_000; content += 1) set.add(1, 1, content)
  expect(set.kept).toBe(64)
})
