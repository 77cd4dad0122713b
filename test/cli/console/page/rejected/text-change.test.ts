import { expect, test } from '@jest/globals'
import { textChange } from '../../../../../cli/console/page/rejected/text-change.ts'

// prettier-ignore
test.each([
  // before                    after                   start          removed  added  end
  [ '{"_t":1393344604000}',    '{"_t":1393344604}',    '{"_t":1393344604', '000', '', '}' ],
  [ 'aXc',                     'aYYc',                 'a',           'X',     'YY',  'c' ],
  [ 'ab',                      'abab',                 'ab',          '',      'ab',  '' ],
  [ 'same',                    'same',                 'same',        '',      '',    '' ],
])('from %s to %s', (before, after, start, removed, added, end) => {
  expect(textChange(before, after)).toEqual({ start, removed, added, end })
})

test('shows only the text around the change', () => {
  const { start, end } = textChange(`${'a'.repeat(100)}X${'b'.repeat(100)}`, `${'a'.repeat(100)}Y${'b'.repeat(100)}`)
  expect([start, end]).toEqual([`…${'a'.repeat(48)}`, `${'b'.repeat(48)}…`])
})
