import { expect, test } from '@jest/globals'
import { changeOf, faultIn } from '../../../../cli/console/page/rejected/drafts.ts'
import { readRoute, hrefOf } from '../../../../cli/console/page/route.ts'
import { durationText, relativeText, visible } from '../../../../cli/console/page/format.ts'

// prettier-ignore
test.each([
  // what                             text                      shown
  [ 'plain text',                     'ab é 漢 😀',              'ab é 漢 😀' ],
  [ 'a line end and a tab',           'a\nb\tc',                'a\\nb\\tc' ],
  [ 'a bell',                         'a\u0007b',               'a\\u0007b' ],
  [ 'a turn of direction',            'abc\u202efdp.exe',       'abc\\u202efdp.exe' ],
  [ 'a space of no width',            'a\u200bb',               'a\\u200bb' ],
  [ 'half of a character',            'a\ud83d',                'a\\ud83d' ],
])('%s is shown so that it can be seen', (_, text, shown) => {
  expect(visible(text)).toBe(shown)
})

test('a long text is cut between characters', () => {
  expect(visible('ab😀cd', 3)).toBe('ab…')
  expect(visible('ab😀cd', 4)).toBe('ab😀…')
})

// prettier-ignore
test.each([
  // milliseconds      told
  [ 20,                'no time' ],
  [ 1_250,             '1.3 s' ],
  [ 59_400,            '59 s' ],
  [ 83_000,            '1 min 23 s' ],
  [ 7_200_000,         '2 h' ],
  [ 180_000_000,       '2 d 2 h' ],
])('%i milliseconds are %s', (ms, told) => {
  expect(durationText(ms)).toBe(told)
})

test('a time is told as seen from now', () => {
  const now = Date.parse('2026-01-10T00:00:00Z')
  expect(relativeText('2026-01-10T00:00:02Z', now)).toBe('just now')
  expect(relativeText('2026-01-09T23:57:00Z', now)).toBe('3 min ago')
  expect(relativeText('2026-01-19T01:00:00Z', now)).toBe('in 9 days')
})

test('an address leads to where it was written', () => {
  for (const hash of [
    '#/',
    '#/import/reports%2Fincoming%2Fa%20b%23.json%2Fv%2Freport.json',
    '#/rejected?file=incoming%2Fa%26b.json&reason=invalid_json',
    '#/fix',
  ]) {
    expect(hrefOf(readRoute(hash))).toBe(hash)
  }
  expect(readRoute('#/nowhere').kind).toBe('files')
})

test('the place of a fault is found in what is written, whatever line ends are in it', () => {
  expect(faultIn('{"a":1,}', 'The line is not valid JSON (column 8: an extra comma).')).toBe(7)
  expect(faultIn('\n {"a":\r\n1,}', 'The line is not valid JSON (column 9: an extra comma).')).toBe(11)
  expect(faultIn('{}', 'The person is missing.')).toBeUndefined()
})

test('a change is shown as what went and what came', () => {
  expect(changeOf('{"_t":1393344604000}', '{"_t":1393344604}')).toMatchObject({ removed: '000', added: '' })
  expect(changeOf('aXc', 'aYYc')).toMatchObject({ start: 'a', removed: 'X', added: 'YY', end: 'c' })
})
