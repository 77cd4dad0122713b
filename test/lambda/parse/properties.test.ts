import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isSameNumber } from '../../../lambda/parse/text.ts'
import { lineWith, outcomeOf, parsed, rejectionOf } from './outcome.ts'

/** The properties that are sent for a line with these members. */
function propertiesOf(members: string): readonly (readonly [string, string])[] {
  const [command] = parsed(`{"_p":"bob","_t":1393344604,"_n":"x",${members}}`).commands
  if (command?.kind !== 'record') throw new Error('not a record')
  return command.properties
}

describe('values are sent as text', () => {
  // prettier-ignore
  test.each([
    //  in the line                        is sent
    [ '"pro"',                             'pro' ],
    [ '" "',                               ' ' ],
    [ '"123"',                             '123' ],
    [ '"\\u00e9\\n"',                      'é\n' ],
    [ 'true',                              'true' ],
    [ 'false',                             'false' ],
    [ '0',                                 '0' ],
    [ '-0',                                '0' ],
    [ '32',                                '32' ],
    [ '-90',                               '-90' ],
    [ '19.99',                             '19.99' ],
    [ '1.10',                              '1.1' ],
    [ '1e2',                               '100' ],
    [ '1.5E-3',                            '0.0015' ],
    [ '9007199254740991',                  '9007199254740991' ],
    [ '9007199254740993',                  '9007199254740993' ],
    [ '12345678901234567890',              '12345678901234567890' ],
    [ '123456789012345',                   '123456789012345' ],
    [ '0.1234567890123456789',             '0.1234567890123456789' ],
    [ '1.00000000000000000001',            '1.00000000000000000001' ],
    [ '100000000000000000000000',          '100000000000000000000000' ],
    [ '1e21',                              '1e21' ],
    [ '0.0000001',                         '0.0000001' ],
    [ '0.000001',                          '0.000001' ],
    [ '1e-400',                            '1e-400' ],
    [ '-1E-400',                           '-1E-400' ],
    [ '0e-400',                            '0' ],
    [ '5e-324',                            '5e-324' ],
    [ '4e-324',                            '4e-324' ],
    [ '1.7976931348623157e308',            '1.7976931348623157e308' ],
  ])('%s → %s', (json, text) => {
    expect(propertiesOf(`"a":${json}`)).toEqual([['a', text]])
    expect(propertiesOf(`"a" : ${json} , "b" : "x:y"`)).toEqual([['a', text], ['b', 'x:y']])
  })

  test('numbers are sent exactly, to the last digit', () => {
    const digits = fc.stringMatching(/^\d{0,25}$/)
    const exponent = fc.option(fc.integer({ min: -330, max: 290 }), { nil: undefined })
    const number = fc
      .tuple(fc.boolean(), fc.stringMatching(/^(0|[1-9]\d{0,17})$/), digits, exponent, fc.constantFrom('e', 'E'))
      .map(([isNegative, whole, fraction, power, e]) => {
        return `${isNegative ? '-' : ''}${whole}${fraction && `.${fraction}`}${power === undefined ? '' : `${e}${power}`}`
      })
    fc.assert(
      fc.property(number, fc.boolean(), (lexeme, isLast) => {
        const sent = propertiesOf(isLast ? `"note":"a-b:c","a":${lexeme}` : `"a":${lexeme},"note":"a-b:c"`).find(
          ([name]) => name === 'a',
        )
        expect(exact(sent?.[1] ?? '')).toBe(exact(lexeme))
      }),
      { numRuns: 2000 },
    )
  })

  // A model for comparison: all digits, scaled to an integer, so that equal numbers have equal texts.
  function exact(number: string): string {
    const [, sign = '', whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? []
    const scaled = BigInt(whole + fraction) * 10n ** BigInt(Number(power) - fraction.length + 400)
    return scaled === 0n ? '0' : `${sign}${scaled}`
  }
})

// prettier-ignore
test.each([
  //  a                      b               equal
  [ '1',                    '1.0',           true ],
  [ '100',                  '1e2',           true ],
  [ '0.001',                '1E-3',          true ],
  [ '-0',                   '0',             true ],
  [ '0.000',                '0e9',           true ],
  [ '1',                    '-1',            false ],
  [ '1',                    '10',            false ],
  [ '10',                   '1e2',           false ],
  [ '1.5',                  '15',            false ],
])('%s and %s: equal is %s', (a, b, expected) => {
  expect(isSameNumber(a, b)).toBe(expected)
  expect(isSameNumber(b, a)).toBe(expected)
})

describe('the rules for properties, on both sides of each limit', () => {
  const x = (count: number): string => 'x'.repeat(count)

  // prettier-ignore
  test.each([
    //  the property                                                             the result
    [ 'a name of 255 characters',             { [x(255)]: 1 },                   'ok' ],
    [ 'a name of 256 characters',             { [x(256)]: 1 },                   'invalid_property_name' ],
    [ 'a name of 255 pairs',                  { ['🎉'.repeat(255)]: 1 },         'ok' ],
    [ 'a name of 256 pairs',                  { ['🎉'.repeat(256)]: 1 },         'invalid_property_name' ],
    [ 'an empty name',                        { '': 1 },                         'invalid_property_name' ],
    [ 'a name of white space',                { ' ': 1 },                        'invalid_property_name' ],
    [ 'a name with half an emoji',            { 'a\ud800': 1 },                  'invalid_unicode' ],
    [ 'a value with half an emoji',           { a: '\udc00' },                   'invalid_unicode' ],
    [ 'a value with a whole emoji',           { a: '\ud83c\udf89' },             'ok' ],
    [ 'a value of 8,192 bytes',               { a: x(8192) },                    'ok' ],
    [ 'a value of 8,193 bytes',               { a: x(8193) },                    'property_value_too_long' ],
    [ 'two bytes a character, 8,192',         { a: 'é'.repeat(4096) },           'ok' ],
    [ 'two bytes a character, 8,194',         { a: 'é'.repeat(4097) },           'property_value_too_long' ],
    [ 'three bytes a character, 8,190',       { a: '名'.repeat(2730) },           'ok' ],
    [ 'three bytes a character, 8,193',       { a: '名'.repeat(2731) },           'property_value_too_long' ],
    [ 'four bytes a character, 8,192',        { a: '🎉'.repeat(2048) },          'ok' ],
    [ 'four bytes a character, 8,196',        { a: '🎉'.repeat(2049) },          'property_value_too_long' ],
    [ 'an object',                            { a: { b: 1 } },                   'nested_property' ],
    [ 'an empty object',                      { a: {} },                         'nested_property' ],
    [ 'a list',                               { a: [1] },                        'nested_property' ],
    [ 'an empty list',                        { a: [] },                         'nested_property' ],
    [ '_k',                                   { _k: 'KEY' },                     'reserved_name' ],
    [ '_k without a value',                   { _k: null },                      'reserved_name' ],
    [ '_K',                                   { _K: 'KEY' },                     'reserved_name' ],
    [ '_P',                                   { _P: 'eve' },                     'reserved_name' ],
    [ '_T',                                   { _T: 1 },                         'reserved_name' ],
    [ '_N',                                   { _N: 'x' },                       'reserved_name' ],
    [ '_D',                                   { _D: 1 },                         'reserved_name' ],
    [ '_P2',                                  { _P2: 'x' },                      'reserved_name' ],
    [ '_p3',                                  { _p3: 'x' },                      'ok' ],
    [ '_kk',                                  { _kk: 'x' },                      'ok' ],
    [ 'k',                                    { k: 'x' },                        'ok' ],
    [ '_d of 0',                              { _d: 0 },                         'ok' ],
    [ '_d of 1',                              { _d: 1 },                         'ok' ],
    [ '_d of "0"',                            { _d: '0' },                       'ok' ],
    [ '_d of "1"',                            { _d: '1' },                       'ok' ],
    [ '_d of 2',                              { _d: 2 },                         'reserved_name' ],
    [ '_d of true',                           { _d: true },                      'reserved_name' ],
    [ '_d of null',                           { _d: null },                      'reserved_name' ],
    [ '_d of ""',                             { _d: '' },                        'reserved_name' ],
  ])('%s', (_what, changes, outcome) => {
    expect(outcomeOf(lineWith(changes))).toBe(outcome)
  })

  // prettier-ignore
  test.each([
    [ '1e308',             'ok' ],
    [ '1e309',             'invalid_property_value' ],
    [ '-1e999',            'invalid_property_value' ],
    [ '9'.repeat(308),     'ok' ],
    [ '9'.repeat(309),     'invalid_property_value' ],
    [ `0.${'1'.repeat(8190)}`, 'ok' ],
    [ `0.${'1'.repeat(8191)}`, 'property_value_too_long' ],
  ])('the number %#', (number, outcome) => {
    expect(outcomeOf(`{"_p":"bob","_t":1393344604,"a":${number}}`)).toBe(outcome)
  })
})

describe('warnings count what is skipped', () => {
  // prettier-ignore
  test.each([
    //  the line has                  and                                                      the warnings
    [ 'nothing odd',                  { plan: 'pro' },                                         [] ],
    [ 'null',                         { plan: null },                                          ['empty_property'] ],
    [ 'empty texts',                  { plan: '', page: '' },                                  ['empty_property', 'empty_property'] ],
    [ 'columns of an export',         { _c: 'app', _server_timestamp: 1 },                     ['export_column', 'export_column'] ],
    [ 'a column that holds a list',   { _c: ['app'] },                                         ['export_column'] ],
    [ 'a name with an underscore',    { _plan: 'pro' },                                        ['underscore_name'] ],
    [ 'two underscores',              { __v: 0 },                                              ['underscore_name'] ],
    [ 'an underscore and no value',   { _plan: null },                                         ['underscore_name', 'empty_property'] ],
    [ '_d',                           { _d: 1 },                                               [] ],
  ])('%s', (_what, changes, warnings) => {
    expect(parsed(lineWith(changes)).warnings).toEqual(warnings)
  })

  test('lines without warnings share one frozen list', () => {
    expect(parsed(lineWith({})).warnings).toBe(parsed(lineWith({ plan: 'pro' })).warnings)
    expect(Object.isFrozen(parsed(lineWith({})).warnings)).toBe(true)
  })

  test('zero and false are values', () => {
    expect(propertiesOf('"a":0,"b":false,"c":null,"d":"0"')).toEqual([
      ['a', '0'],
      ['b', 'false'],
      ['d', '0'],
    ])
  })
})

describe('properties keep the order of the line', () => {
  // prettier-ignore
  test.each([
    [ '"b":1,"a":2' ],
    [ '"2":1,"1":2' ],
    [ '"b":1,"10":2,"a":3,"9":4' ],
    [ '"01":1,"1":2,"0":3' ],
    [ '"4294967295":1,"4294967294":2,"-1":3' ],
    [ '"a":1,"\\u0031":2,"0":3' ],
  ])('%s', (members) => {
    const written = Array.from(members.matchAll(/"([^"]+)":(\d)/g), ([, name, value]) => [JSON.parse(`"${name}"`) as string, value])
    expect(propertiesOf(members)).toEqual(written)
  })

  test('for any names', () => {
    const names = fc.uniqueArray(
      fc.oneof(
        fc.nat({ max: 20 }).map(String),
        fc.stringMatching(/^[a-c]{1,2}$/),
        fc.constantFrom('__proto__', 'constructor', 'toString', '"', '\\', ':'),
      ),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(names, (written) => {
        const members = written.map((name, index) => `${JSON.stringify(name)}:${index + 1}`).join(',')
        expect(propertiesOf(members)).toEqual(written.map((name, index) => [name, String(index + 1)]))
      }),
    )
  })
})

describe('names with a meaning in JavaScript are ordinary names', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'kind', 'then'])('%s', (name) => {
    expect(propertiesOf(`${JSON.stringify(name)}:"x"`)).toEqual([[name, 'x']])
  })

  test('inherited properties are ignored', () => {
    expect(outcomeOf('{"__proto__":{"_p":"eve","_t":1393344604,"_n":"x"}}')).toBe('missing_identity')
    // A careless library can do this to every object.
    Object.defineProperty(Object.prototype, '_p', { value: 'eve', configurable: true })
    try {
      expect(outcomeOf('{"_t":1393344604,"_n":"x"}')).toBe('missing_identity')
    } finally {
      Reflect.deleteProperty(Object.prototype, '_p')
    }
  })
})

describe('the detail of a nested property suggests names', () => {
  // prettier-ignore
  test.each([
    //  the property                              the detail
    [ { a: { b: 1 } },                            '("a" is an object; write "a.b")' ],
    [ { a: { b: 1, c: 2, d: 3 } },                '("a" is an object; write "a.b" and "a.c")' ],
    [ { a: {} },                                  '("a" is an object)' ],
    [ { a: [1, 2] },                              '("a" is a list)' ],
    [ { ['x'.repeat(61)]: [] },                   `("${'x'.repeat(60)}…" is a list)` ],
    [ { ['x'.repeat(60)]: [] },                   `("${'x'.repeat(60)}" is a list)` ],
    [ { 'a\u001b[31m"b': [] },                    '("a\\u001b[31m\\"b" is a list)' ],
  ])('%j', (changes, hint) => {
    expect(rejectionOf(lineWith(changes)).detail).toContain(hint)
  })
})
