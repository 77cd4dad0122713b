import { describe, expect, test } from '@jest/globals'
import {
  bytesText,
  durationText,
  fileName,
  periodText,
  relativeText,
  timeLeftText,
  visible,
} from '../../../../cli/console/page/format.ts'

describe('text from outside', () => {
  // prettier-ignore
  test.each([
    // what                                      text                      shown
    [ 'plain text is unchanged',                 'ab é 漢 😀',              'ab é 漢 😀' ],
    [ 'a line break and a tab',                  'a\nb\tc',                'a\\nb\\tc' ],
    [ 'a control character',                     'a\u0007b',               'a\\u0007b' ],
    [ 'a change of the writing direction',       'abc\u202efdp.exe',       'abc\\u202efdp.exe' ],
    [ 'a zero-width space',                      'a\u200bb',               'a\\u200bb' ],
    [ 'half of a surrogate pair',                'a\ud83d',                'a\\ud83d' ],
  ])('shows what is invisible: %s', (_, text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test('is truncated between characters, never inside one', () => {
    expect(visible('ab😀cd', 3)).toBe('ab…')
    expect(visible('ab😀cd', 4)).toBe('ab😀…')
  })
})

// prettier-ignore
test.each([
  // milliseconds      text
  [ 20,                'less than 0.1 s' ],
  [ 1_250,             '1.3 s' ],
  [ 59_400,            '59 s' ],
  [ 83_000,            '1 min 23 s' ],
  [ 7_200_000,         '2 h' ],
  [ 180_000_000,       '2 d 2 h' ],
])('%i milliseconds are "%s"', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

// prettier-ignore
test.each([
  // time                         relative to now    time left
  [ '2026-01-10T00:00:02Z',       'just now',        'a moment' ],
  [ '2026-01-09T23:57:00Z',       '3 min ago',       'a moment' ],
  [ '2026-01-19T01:00:00Z',       'in 9 days',       '9 days' ],
])('at 2026-01-10 00:00, %s is "%s", and leaves "%s"', (iso, relative, left) => {
  const now = Date.parse('2026-01-10T00:00:00Z')
  expect([relativeText(iso, now), timeLeftText(iso, now)]).toEqual([relative, left])
})

// prettier-ignore
test.each([
  [ 1,             '1 byte' ],
  [ 999,           '999 bytes' ],
  [ 1_234_567,     '1.2 MB' ],
  [ 999_600,       '1 MB' ],
])('%i bytes are "%s"', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})

test('a file is shown without the upload folder', () => {
  expect(fileName('incoming/2026/may.jsonl')).toBe('2026/may.jsonl')
})

test('a period of one day is that day', () => {
  expect(periodText(1_393_344_604, 1_393_344_605)).toBe('25 Feb 2014')
  expect(periodText(1_393_344_604, 1_393_444_604)).toBe('25 Feb 2014 to 26 Feb 2014')
})
