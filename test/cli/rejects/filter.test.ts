import { expect, test } from '@jest/globals'
import type { Reject } from '../../../cli/rejects/collect.ts'
import { filterOf, type FilterFlags } from '../../../cli/rejects/filter.ts'

const waiting: Reject = {
  id: 'm',
  sentAt: new Date(0),
  body: '',
  content: { kind: 'work', key: 'incoming/a.json' },
  kept: 'queue',
  isInAll: true,
}
const aside: Reject = { ...waiting, kept: 'set-aside', isInAll: false }

// prettier-ignore
test.each<[string, FilterFlags, Reject, boolean]>([
  //  what                                        flags                              letter    meant
  ['all that waits',                              {},                                waiting,  true],
  ['what was put away is no part of all',         {},                                aside,    false],
  ['unless it is asked for',                      { parked: true },                  aside,    true],
  ['a reason',                                    { reason: 'import_unfinished' },   waiting,  true],
  ['another reason',                              { reason: 'missing_timestamp' },   waiting,  false],
  ['a drop',                                      { key: 'incoming/a.json' },        waiting,  true],
  ['a drop, as it was called before it was put',  { key: 'a.json' },                 waiting,  true],
  ['another drop',                                { key: 'b.json' },                 waiting,  false],
  ['a reason does not bring back what was put away', { reason: 'import_unfinished' }, aside,   false],
])('%s', (_what, flags, letter, isMeant) => {
  expect(filterOf(flags)(letter)).toBe(isMeant)
})

test('a reason that there is not is named', () => {
  expect(() => filterOf({ reason: 'nope' })).toThrow('--reason is "nope": there is no such reason.')
})
