import { expect, test } from '@jest/globals'
import { filterOf, filterOptionsOf, type FilterFlags } from '../../../cli/rejects/filter.ts'
import type { StoredDeadLetter } from '../../../cli/rejects/stored-dead-letter.ts'

const queued: StoredDeadLetter = {
  id: 'm',
  sentAt: new Date(0),
  body: '',
  content: { kind: 'failed-import', key: 'incoming/a.json' },
  status: 'queued',
  isIncludedByDefault: true,
}
const quarantined: StoredDeadLetter = { ...queued, status: 'quarantined', isIncludedByDefault: false }

// prettier-ignore
test.each<[string, FilterFlags, StoredDeadLetter, boolean]>([
  //  what                                            flags                              dead letter  selected
  ['without a filter, the queue is selected',         {},                                queued,      true],
  ['without a filter, quarantine is not',             {},                                quarantined, false],
  ['--archived selects quarantine too',               { archived: true },                quarantined, true],
  ['a reason',                                        { reason: 'import_unfinished' },   queued,      true],
  ['another reason',                                  { reason: 'missing_timestamp' },   queued,      false],
  ['a reason does not select quarantine',             { reason: 'import_unfinished' },   quarantined, false],
  ['a file by its key',                               { key: 'incoming/a.json' },        queued,      true],
  ['a file by its name below incoming/',              { key: 'a.json' },                 queued,      true],
  ['another file',                                    { key: 'b.json' },                 queued,      false],
])('%s', (_what, flags, deadLetter, isSelected) => {
  expect(filterOf(flags, '')(deadLetter)).toBe(isSelected)
})

test('an unknown reason is an error that names it', () => {
  expect(() => filterOf({ reason: 'nope' }, ' --stack Prod')).toThrow(
    '--reason is "nope": this reason does not exist. To see the reasons of your dead letters, run: npx km-import rejects list --stack Prod. docs',
  )
})

// prettier-ignore
test.each<[FilterFlags, string]>([
  [ {},                                            '' ],
  [ { reason: 'invalid_json', archived: true },    ' --reason invalid_json --archived' ],
  [ { key: 'may 2024.json', archived: false },     " --key 'may 2024.json'" ],
])('%j in a hint can be pasted', (flags, options) => {
  expect(filterOptionsOf(flags)).toBe(options)
})
