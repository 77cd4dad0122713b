import { expect, test } from '@jest/globals'
import { FingerprintSet } from '../../../../cli/preview/survey/fingerprint-set.ts'
import { Spellings } from '../../../../cli/preview/survey/spellings.ts'
import { jsonLines, surveyed, TIME } from '../surveyed.ts'

const spellingsOf = async (identities: readonly (string | number)[]) => {
  const lines = identities.map((identity) => ({ _p: identity, _t: TIME, _n: 'x' }))
  return (await surveyed(jsonLines(lines))).identities.spellings
}

// prettier-ignore
test.each<[readonly (string | number)[], readonly (readonly string[])[]]>([
  //  the identities of a file                            those that are probably one person
  [ ['Bob@x.com', 'bob@x.com', 'rob@x.com'],              [['bob@x.com', 'Bob@x.com']] ],
  [ ['bob@x.com', 'Bob@x.com'],                           [['bob@x.com', 'Bob@x.com']] ],
  [ ['BOB', 'Bob', 'BOB'],                                [['BOB', 'Bob']] ],
  [ ['zo\u00eb', 'zoe\u0308'],                            [['zo\u00eb', 'zoe\u0308']] ],
  [ ['1001', '1001.0', 1001],                             [['1001', '1001.0']] ],
  [ ['1001', '1,001'],                                    [] ],
  [ ['a\u200b', 'a ', 'a'],                               [['a', 'a\u200b', 'a ']] ],
  [ ['mailto:a@x.com', '<a@x.com>'],                      [['mailto:a@x.com', '<a@x.com>']] ],
  [ ['a,b', 'a:b'],                                       [['a,b', 'a:b']] ],
  [ ['A', 'B', 'C'],                                      [] ],
])('%j', async (identities, groups) => {
  expect(await spellingsOf(identities)).toEqual({ people: groups.length, groups, isComplete: true })
})

test('the number of identities that are kept is bounded', () => {
  const spellings = new Spellings(2)
  for (const identity of ['A', 'B', 'B', 'a ', 'b ']) spellings.add(identity)
  expect(spellings.summary(new FingerprintSet(10))).toEqual({ people: 0, groups: [], isComplete: false })
})
