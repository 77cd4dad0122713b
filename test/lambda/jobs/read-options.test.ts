import { expect, test } from '@jest/globals'
import { readOptions } from '../../../lambda/jobs/read-options.ts'
import type { Rule } from '../../../lambda/rules/rule.ts'

const FILE = {
  lastModified: new Date('2026-01-01T00:00:00.900Z'),
  name: 'incoming/a.csv',
  readEnd: () => Promise.reject(new Error('unused')),
}
const MAPPING = { columns: { Email: '_p' } } as const
const COLUMNS: Rule = { fix: 'columns', mapping: MAPPING }

test('reading a file needs its name, its end, and the time when it was written, in whole seconds', () => {
  const { name, readEnd } = FILE
  expect(readOptions(FILE, undefined)).toEqual({ name, readEnd, fileTime: 1_767_225_600 })
})

// prettier-ignore
test.each<[string, readonly Rule[] | undefined, object]>([
  [ 'without import rules are those of Kissmetrics',   undefined,                             {} ],
  [ 'with other import rules are too',                 [{ fix: 'ms-timestamps' }],            {} ],
  [ 'are what the rule about columns says',            [{ fix: 'ms-timestamps' }, COLUMNS],   { columns: MAPPING } ],
])('the columns of a CSV file %s', (_what, rules, columns) => {
  const { name: _name, readEnd: _readEnd, fileTime: _fileTime, ...rest } = readOptions(FILE, rules)
  expect(rest).toEqual(columns)
})
