import { expect, test } from '@jest/globals'
import type { StoredDeadLetter } from '../../../cli/rejects/stored-dead-letter.ts'
import { filterOf, type FilterFlags } from '../../../cli/rejects/filter.ts'

const waiting: StoredDeadLetter = {
  id: 'm',
  sentAt: new Date(0),
  body: '',
  content: { kind: 'failed-import', key: 'incoming/a.json' },
  status: 'queued',
  isIncludedByDefault: true,
}
const quarantined: StoredDeadLetter = { ...waiting, status: 'quarantined', isIncludedByDefault: false }

// prettier-ignore
test.each<[string, FilterFlags, StoredDeadLetter, boolean]>([
  //  what                                        flags                              letter    meant
  ['all that waits',                              {},                                waiting,  true],
  ['what was put away is no part of all',         {},                                quarantined,    false],
  ['unless it is asked for',                      { archived: true },                  quarantined,    true],
  ['a reason',                                    { reason: 'import_unfinished' },   waiting,  true],
  ['another reason',                              { reason: 'missing_timestamp' },   waiting,  false],
  ['a drop',                                      { key: 'incoming/a.json' },        waiting,  true],
  ['a drop, as it was called before it was put',  { key: 'a.json' },                 waiting,  true],
  ['another drop',                                { key: 'b.json' },                 waiting,  false],
  ['a reason does not bring back what was put away', { reason: 'import_unfinished' }, quarantined,   false],
])('%s', (_what, flags, deadLetter, isMeant) => {
  expect(filterOf(flags)(deadLetter)).toBe(isMeant)
})

test('a reason that there is not is named', () => {
  expect(() => filterOf({ reason: 'nope' })).toThrow('--reason is "nope": there is no such reason.')
})
