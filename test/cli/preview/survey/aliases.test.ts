import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { AliasSummary } from '../../../../cli/preview/summary.ts'
import { Aliases } from '../../../../cli/preview/survey/aliases.ts'

type Pair = readonly [string, string]

function aliasesOf(pairs: readonly Pair[], maxIdentities?: number): AliasSummary {
  const aliases = new Aliases(maxIdentities)
  for (const [index, [person, other]] of pairs.entries()) aliases.add(person, other, 'f', index + 1)
  return aliases.summary()
}

const pairsOf = (text: string): readonly Pair[] => text.split(' ').map((pair) => pair.split('-') as unknown as Pair)

describe('aliases merge identities into people', () => {
  // prettier-ignore
  test.each([
    //  aliases             people      chains      repeated    in a cycle
    [ 'a-b',              { groups: 1, chains: 0, repeated: 0, cycles: 0 } ],
    [ 'a-b c-d',          { groups: 2, chains: 0, repeated: 0, cycles: 0 } ],
    [ 'a-b a-b b-a',      { groups: 1, chains: 0, repeated: 2, cycles: 0 } ],
    [ 'a-b b-c',          { groups: 1, chains: 1, repeated: 0, cycles: 0 } ],
    [ 'a-b b-c c-a',      { groups: 1, chains: 1, repeated: 0, cycles: 1 } ],
    [ 'a-b c-d b-c',      { groups: 1, chains: 1, repeated: 0, cycles: 0 } ],
    [ 'a-b A-b',          { groups: 1, chains: 1, repeated: 0, cycles: 0 } ],
    [ 'a,1-b a:1-b',      { groups: 1, chains: 0, repeated: 1, cycles: 0 } ],
    [ 'a,1-a:1',          { groups: 0, chains: 0, repeated: 1, cycles: 0 } ],
  ])('%s', (pairs, expected) => {
    expect(aliasesOf(pairsOf(pairs))).toMatchObject({ commands: pairsOf(pairs).length, ...expected, isComplete: true })
  })
})

test('a chain lists the identity with the most pairs first, and the line where it begins', () => {
  const { largest } = aliasesOf(pairsOf('x-y a-unknown b-unknown c-unknown d-unknown e-unknown'))
  expect(largest).toEqual([{ identities: 6, examples: ['unknown', 'a', 'b', 'c', 'd'], first: { file: 'f', line: 2 } }])
})

test('the number of effective pairs is the number of identities minus the number of people', () => {
  const identity = fc.integer({ min: 0, max: 12 }).map(String)
  const pair = fc.tuple(identity, identity).filter(([a, b]) => a !== b)
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 30 }), (pairs) => {
      const { commands, repeated, cycles, groups } = aliasesOf(pairs)
      expect(commands - repeated - cycles).toBe(new Set(pairs.flat()).size - groups)
    }),
  )
})

test('aliases beyond the limit are only counted, and the summary says so', () => {
  expect(aliasesOf(pairsOf('a-b c-d b-a d-b'), 3)).toMatchObject({ commands: 4, groups: 1, repeated: 1, isComplete: false })
})
