import { describe, expect, test } from '@jest/globals'
import { outcomeOf, rejectionOf, SECONDS } from './outcome.ts'

const lineOf = (names: readonly string[]): string =>
  `{"_p":"bob","_t":${SECONDS},"_n":"A",${names.map((name, index) => `${JSON.stringify(name)}:"${index}"`).join(',')}}`

describe('two names that are one to Kissmetrics are rejected, and both are quoted', () => {
  test.each([
    ['Plan Name', 'plan name'],
    ['Id', 'id'],
    ['utm:source', 'utm source'],
    ['utm,source', 'utm:source'],
    ['url', 'url '],
    ['url', 'url\u200b'],
    ['caf\u00e9', 'cafe\u0301'],
    ['a b', 'a\u00a0b'],
  ])('%j and %j', (one, other) => {
    for (let turn = 0; turn < 2; turn += 1) expect(outcomeOf(lineOf([one, 'between', other]))).toBe('duplicate_name')
    const { detail } = rejectionOf(lineOf([one, other]))
    expect(detail).toMatch(/\("[^"]+" and "[^"]+" are the same name to Kissmetrics\)/)
  })

  test.each([[['plan', 'plans']], [['a b', 'ab']], [['a  b', 'a b']], [['x', 'y', 'z']], [['e', '\u00e9']]])(
    'not %j',
    (names) => {
      expect(outcomeOf(lineOf(names))).toBe('ok')
    },
  )
})

describe('a name that was meant as one of the format is rejected, and its extra character is named', () => {
  // prettier-ignore
  test.each([
    [ '_n ',            'U+0020, space' ],
    [ ' _n',            'U+0020, space' ],
    [ '_p2 ',           'U+0020, space' ],
    [ '_t\t',           'U+0009, tab' ],
    [ '\u200b_p',       'U+200B, zero width space' ],
    [ '\ufeff_p',       'U+FEFF, byte order mark' ],
    [ '_\u00adp',       'U+00AD, soft hyphen' ],
    [ '_k\u00a0',       'U+00A0, no-break space' ],
    [ '_N',             'is not `_n`' ],
    [ '_P2',            'is not `_p2`' ],
    [ '\uff3f\uff50',   'is not `_p`' ],
    [ '_D ',            'is `_d` with an extra character' ],
  ])('%j', (name, detail) => {
    for (let turn = 0; turn < 2; turn += 1) {
      const rejection = rejectionOf(lineOf([name]))
      expect(rejection.reason).toBe('reserved_name')
      expect(rejection.detail).toContain(detail)
    }
  })

  test('a character that cannot be seen is shown as its escape', () => {
    expect(rejectionOf(lineOf(['\u200b_p'])).detail).toContain(String.raw`("\u200b_p" is`)
  })

  test.each(['_name', '_p3', 'n', '_', '__n', '_pn'])('not %j', (name) => {
    expect(outcomeOf(lineOf([name]))).toBe('ok')
  })
})

test('a list of names that was good is still good, and one that was not is still not', () => {
  const lists = [['a'], ['a', 'A'], ['b'], ['a'], ['b', 'B '], ['a', 'A'], ['_n '], ['b']]
  expect(lists.map((names) => outcomeOf(lineOf(names)))).toEqual([
    'ok',
    'duplicate_name',
    'ok',
    'ok',
    'duplicate_name',
    'duplicate_name',
    'reserved_name',
    'ok',
  ])
})

test('the value of `_d` is checked in every line', () => {
  const line = (value: string): string => `{"_p":"bob","_t":${SECONDS},"_n":"A","_d":${value}}`
  expect([line('1'), line('2'), line('"0"'), line('true')].map(outcomeOf)).toEqual(['ok', 'reserved_name', 'ok', 'reserved_name'])
})
