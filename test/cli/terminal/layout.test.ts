import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import stringWidth from 'string-width'
import {
  fitted,
  fittedPath,
  listed,
  messageText,
  padded,
  quoted,
  WIDTH,
  widthOf,
  wrapped,
  wrappedBeside,
} from '../../../cli/terminal/layout.ts'

describe('the width of a text in columns', () => {
  // prettier-ignore
  test.each([
    [ '',             0 ],
    [ 'Signed Up',    9 ],
    [ 'naïve',        5 ],
    [ 'nai\u0308ve',  5 ],
    [ '名前',          4 ],
    [ '한글',          4 ],
    [ 'ｱ',            1 ],
    [ '🎉',           2 ],
    [ '👩‍👩‍👧',           2 ],
    [ '🇩🇪',           2 ],
    [ '❤️',           2 ],
  ])('%j: %i', (text, columns) => {
    expect(widthOf(text)).toBe(columns)
  })
})

test('the characters that are counted without string-width are as wide as it says', () => {
  const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).filter((text) => widthOf(text) === 1)
  expect(all.filter((text) => stringWidth(text) !== 1)).toEqual([])
  expect(all).toEqual(expect.arrayContaining(['…', '·', '–', 'é']))
})

describe('a text is cut to fit', () => {
  // prettier-ignore
  test.each([
    //  text              columns  shown
    [ 'Signed Up',        9,       'Signed Up' ],
    [ 'Signed Up',        8,       'Signed …' ],
    [ '名前名前',          8,       '名前名前' ],
    [ '名前名前',          7,       '名前名…' ],
    [ '名前名前',          6,       '名前…' ],
    [ 'ab👩‍👩‍👧c',           4,       'ab…' ],
    [ '\u001b[2J',        9,       '\\u001b[2J' ],
    [ '\u001b[2J',        5,       '\\u00…' ],
  ])('%j in %i columns', (text, columns, shown) => {
    expect(fitted(text, columns)).toBe(shown)
  })

  test('any text fits, and padding fills the rest', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 2, max: 30 }), (text, columns) => {
        expect(widthOf(fitted(text, columns))).toBeLessThanOrEqual(columns)
        expect(widthOf(padded(text, columns))).toBe(columns)
      }),
    )
  })

  test('only the start of a very long text is read', () => {
    expect(fitted('x'.repeat(10_000_000), 10)).toBe('xxxxxxxxx…')
  })

  test('quotes show spaces at its ends, and count', () => {
    expect([quoted(' a ', 5), quoted('Signed Up', 8)]).toEqual(['" a "', '"Signe…"'])
  })
})

describe('a list shows as many texts as fit', () => {
  // prettier-ignore
  test.each<[readonly string[], number, boolean, string]>([
    //  texts                   columns  all    shown
    [ ['1', '2', '3'],          7,       true,  '1, 2, 3' ],
    [ ['1', '2', '3'],          6,       true,  '1, …' ],
    [ ['1', '2', '3'],          10,      false, '1, 2, 3, …' ],
    [ ['1', '2', '3'],          9,       false, '1, 2, …' ],
    [ ['12345678'],             5,       true,  '1234…' ],
    [ [],                       5,       true,  '' ],
  ])('%j in %i columns', (texts, columns, isAll, shown) => {
    expect(listed(texts, columns, isAll)).toBe(shown)
  })
})

describe('a long text is wrapped', () => {
  test('at spaces, with an indent on each row', () => {
    const rows = wrapped('word '.repeat(30).trim(), '    ')
    expect(rows).toEqual([`    ${'word '.repeat(15).trim()}`, `    ${'word '.repeat(15).trim()}`])
    expect(Math.max(...rows.map(widthOf))).toBeLessThanOrEqual(WIDTH)
  })

  test('a word that is wider than a row stays whole', () => {
    expect(wrapped(`a ${'x'.repeat(100)} b`, '')).toEqual(['a', 'x'.repeat(100), 'b'])
  })

  // prettier-ignore
  test.each([
    //  what follows          the text                                                      the rows
    [ 'a sentence',           'To see all of them, run: npx km-import status --all. More.', ['To see all of', 'them, run:', 'npx km-import status --all.', 'More.'] ],
    [ 'the end',              'Then run: npx km-import status --all',                       ['Then run:', 'npx km-import status --all'] ],
    [ 'a parenthesis',        'It is a list (run: npx km-import fix a.json --fix array).',  ['It is a list', '(run:', 'npx km-import fix a.json --fix array).'] ],
    [ 'a question of a name', 'Look at it: npx km-import preview a.fixed.jsonl',            ['Look at it:', 'npx km-import preview a.fixed.jsonl'] ],
    [ 'the name alone',       'Use that version of npx km-import. Then try again.',         ['Use that version', 'of npx km-import.', 'Then try again.'] ],
  ])('but a command stays on one row, so that it can be pasted, before %s', (_what, text, rows) => {
    expect(wrapped(text, '', 17)).toEqual(rows)
  })

  test('beside a label', () => {
    expect(wrappedBeside('  why', 'word '.repeat(16).trim(), 10)).toEqual([
      `  why     ${'word '.repeat(14).trim()}`,
      '          word word',
    ])
  })
})

describe('a path keeps its folder and its name', () => {
  // prettier-ignore
  test.each([
    // path                     columns  shown
    [ 'incoming/may.json',      20,      'incoming/may.json' ],
    [ 'incoming/daily/may.json', 9,      'in…y.json' ],
    [ '東'.repeat(20),           15,      '東東…東東東東東' ],
    [ 'a\u001b[2Jb',            20,      'a\\u001b[2Jb' ],
  ])('%j in %i columns', (path, columns, shown) => {
    expect(fittedPath(path, columns)).toBe(shown)
  })

  test('any path fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 6, max: 30 }), (path, columns) => {
        expect(widthOf(fittedPath(path, columns))).toBeLessThanOrEqual(columns)
      }),
    )
  })
})

describe('a message is wrapped for its output', () => {
  const message = `${'word '.repeat(40).trim()}\nnext`
  // prettier-ignore
  test.each([
    // output                            rows
    [ {},                                [199, 4] ],
    [ { isTTY: true, columns: 80 },      [79, 79, 39, 4] ],
    [ { isTTY: true, columns: 120 },     [119, 79, 4] ],
    [ { isTTY: true, columns: 20 },      [39, 39, 39, 39, 39, 4] ],
    [ { isTTY: true },                   [79, 79, 39, 4] ],
  ])('%j', (output, rows) => {
    expect(messageText(message, output).split('\n').map(widthOf)).toEqual(rows)
  })

  test('each row keeps the indent of its line', () => {
    const text = `${'word '.repeat(17).trim()}\n  ${'word '.repeat(17).trim()}`
    const rows = messageText(text, { isTTY: true, columns: 80 }).split('\n')
    expect(rows.slice(1)).toEqual(['word', `  ${'word '.repeat(15).trim()}`, '  word word'])
  })
})
