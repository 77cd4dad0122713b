import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Fingerprint, NameFingerprints } from '../../../../cli/preview/digest/fingerprint.ts'
import { Seen } from '../../../../cli/preview/survey/seen.ts'

const of = (...texts: readonly string[]): Fingerprint => {
  const fingerprint = new Fingerprint().start(0, 0)
  for (const text of texts) fingerprint.text(text)
  return fingerprint.end()
}

const bits = ({ high, low }: Fingerprint): string => `${high} ${low}`

describe('a fingerprint', () => {
  test('is another one for each of 400,000 texts that are alike', () => {
    const seen = new Seen(2_000_000)
    for (let index = 0; index < 200_000; index += 1)
      for (const text of [`user ${index}`, `${index}@example.com`]) {
        const { high, low } = of(text)
        seen.add(high, low)
      }
    expect(seen.kept).toBe(400_000)
  })

  test('tells where one text ends and the next begins', () => {
    expect(bits(of('ab', 'c'))).not.toBe(bits(of('a', 'bc')))
    expect(bits(of('ab', ''))).not.toBe(bits(of('ab')))
  })

  test('of a name is the same for what is one name to Kissmetrics', () => {
    const names = new NameFingerprints()
    expect(bits(names.of('Signed: Up'))).toBe(bits(names.of('signed, UP')))
    expect(bits(names.of('Signed Up'))).not.toBe(bits(names.of('Signed  Up')))
  })
})

describe('what was seen', () => {
  const sightings = fc.array(
    fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -40, max: 40 }), fc.integer({ min: 0, max: 2 })),
    {
      maxLength: 6_000,
      size: 'max',
    },
  )

  test('is known, with each of its contents', () => {
    fc.assert(
      fc.property(sightings, (all) => {
        const seen = new Seen(10_000)
        const model = new Map<string, Set<number>>()
        for (const [high, low, content] of all) {
          // Nothing at all is kept as something else.
          const key = `${high} ${high === 0 && low === 0 ? 1 : low}`
          const contents = model.get(key) ?? new Set()
          const expected = contents.has(content) ? 'same' : contents.size > 0 ? 'differs' : 'new'
          model.set(key, contents.add(content))
          expect(seen.add(high, low, content)).toBe(expected)
        }
      }),
      { numRuns: 10 },
    )
  })

  test('grows, and forgets nothing', () => {
    const seen = new Seen(100_000)
    for (let index = 1; index <= 20_000; index += 1) expect(seen.add(index * 7, index)).toBe('new')
    for (let index = 1; index <= 20_000; index += 1) expect(seen.add(index * 7, index)).toBe('same')
    expect([seen.kept, seen.isFull]).toEqual([20_000, false])
  })

  test('is exact up to the limit, and says when it is not', () => {
    const seen = new Seen(3)
    for (const low of [1, 2, 3]) seen.add(0, low)
    expect([seen.add(0, 3), seen.isFull]).toEqual(['same', false])
    expect([seen.add(0, 4), seen.add(0, 4), seen.isFull, seen.kept]).toEqual(['full', 'full', true, 3])
    expect(seen.add(0, 2, 9)).toBe('differs')
  })

  test('does not become slow where one key has very many contents', () => {
    const seen = new Seen(1_000_000)
    for (let content = 0; content < 200_000; content += 1) seen.add(1, 1, content)
    expect(seen.kept).toBe(64)
  })
})
