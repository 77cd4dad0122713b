import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readLayout } from '../../../lambda/parse/layout.ts'

const layoutOf = (text: string) => readLayout(text, JSON.parse(text) as Record<string, unknown>)

describe('a name that occurs twice', () => {
  // prettier-ignore
  test.each([
    //  the line                                the name
    [ '{"a":1,"a":2}',                          'a' ],
    [ '{"a":1,"a":1}',                          'a' ],
    [ '{"a":1,"b":2,"a":3}',                    'a' ],
    [ '{"a":1,"\\u0061":2}',                    'a' ],
    [ '{"\\u0061":1,"a":2}',                    'a' ],
    [ '{"\\/":1,"/":2}',                        '/' ],
    [ '{"":1,"":2}',                            '' ],
    [ '{ "a" : 1 , "a"\t:\t2 }',                'a' ],
    [ '{"a":{"a":1},"a":2}',                    'a' ],
    [ '{"a":"x:y","a":"z"}',                    'a' ],
    [ '{"a":"}","a":1}',                        'a' ],
    [ '{"a":"\\"","a":1}',                      'a' ],
    [ '{"a":"\\\\","a":1}',                     'a' ],
    [ '{"a":[{"b":[1,"]"]}],"a":1}',            'a' ],
    [ '{"__proto__":1,"__proto__":2}',          '__proto__' ],
    [ '{"1":1,"1":2}',                          '1' ],
    [ '{"a\\"":1,"a\\"":2}',                    'a"' ],
  ])('%s', (text, name) => {
    expect(layoutOf(text)).toEqual({ duplicate: name })
  })

  // prettier-ignore
  test.each([
    [ '{}' ],
    [ '{"a":1,"A":2}' ],
    [ '{"a":{"a":{"a":1}}}' ],
    [ '{"a":[{"b":1},{"b":2}]}' ],
    [ '{"a":{"b":1,"b":2}}' ],
    [ '{"a":"\\"a\\":1"}' ],
    [ '{"a":"b :c \\" :"}' ],
    [ '{"url":"https://www.example.com:80/","at":"12:30"}' ],
    [ '{"a\\"":1,"a":2}' ],
    [ '{"é":1,"e\\u0301":2}' ],
  ])('is not found in %s', (text) => {
    expect(layoutOf(text)).not.toHaveProperty('duplicate')
  })

  test('is found in any object, and only if it is there', () => {
    const name = fc.constantFrom('a', 'b', '1', '"', ':', '\\', '__proto__')
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('a":1', ' :', '"a" : 1', '}', ','))
    const space = fc.constantFrom('', ' ', '\t')
    const written = (text: string, isEscaped: boolean): string =>
      isEscaped
        ? `"${Array.from(text, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
        : JSON.stringify(text)
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value, fc.boolean(), space), { maxLength: 6 }), (members) => {
        const text = `{${members.map(([key, held, isEscaped, gap]) => `${gap}${written(key, isEscaped)}${gap}:${gap}${JSON.stringify(held)}`).join(',')}}`
        const names = members.map(([key]) => key)
        const layout = layoutOf(text)
        if (new Set(names).size < names.length)
          expect(layout).toEqual({ duplicate: names.find((key, at) => names.indexOf(key) < at) })
        else expect(layout).toMatchObject({ names })
      }),
      { numRuns: 1000 },
    )
  })
})

// V8 can return a wrong key for a name with escapes, depending on earlier lines: https://github.com/nodejs/node/issues/63785
describe('a name is read correctly, whatever the earlier lines contained', () => {
  // prettier-ignore
  test.each([
    //  an earlier line                   the line                           its names
    [ '{"x":1,"\\\\":2}',             '{"x":1,"\\n":2}',               ['x', '\n'] ],
    [ '{"x":1,"\\\\":2}',             '{"x":1,"\\u0061":2}',           ['x', 'a'] ],
    [ '{"x":1,"\\\\":2}',             '{"x":1,"\\"":2}',               ['x', '"'] ],
    [ '{"x":1,"Pr\\\\u00":2}',        '{"x":1,"Pr\\u00e9nom":2}',      ['x', 'Prénom'] ],
    [ '{"x":1,"\\\\u":2}',            '{"x":1,"\\u005fk":2}',          ['x', '_k'] ],
    [ '{"x":1,"\\\\":2}',             '{"x":1,"\\\\":2}',            ['x', '\\'] ],
  ])('%s, then %s', (before, text, names) => {
    layoutOf(before)
    const layout = layoutOf(text)
    expect(layout).toMatchObject({ names })
    expect('object' in layout && names.map((name) => layout.object[name])).toEqual([1, 2])
  })

  test('a duplicate is found as well', () => {
    layoutOf('{"a":1,"\\\\":2}')
    expect(layoutOf('{"a":1,"\\u0061":2}')).toEqual({ duplicate: 'a' })
  })
})

describe('numbers are returned as written if JavaScript may have changed one', () => {
  // prettier-ignore
  test.each([
    //  the line                                               the numbers
    [ '{"a":12345678901234567}',                               [['a', '12345678901234567']] ],
    [ '{"a":1.000000000000001}',                               [['a', '1.000000000000001']] ],
    [ '{"a":1e-9}',                                            [['a', '1e-9']] ],
    [ '{"a":1e21,"b":"2","c":3}',                              [['a', '1e21'], ['c', '3']] ],
    [ '{"a" : 12345678901234567 }',                            [['a', '12345678901234567']] ],
    [ '{"a":\t1E-400\t,"b":1}',                                [['a', '1E-400'], ['b', '1']] ],
  ])('%s', (text, numbers) => {
    const layout = layoutOf(text)
    expect('lexemes' in layout && [...(layout.lexemes ?? [])]).toEqual(numbers)
  })

  test('a run of sixteen digits is found at any position', () => {
    for (let before = 0; before < 40; before += 1) {
      for (const digits of ['1234567890123456', '1.00000000000001', '0.123456789012345678901234567890']) {
        expect(layoutOf(`{"${'x'.repeat(before)}":${digits}}`)).toHaveProperty('lexemes')
        expect(layoutOf(`{"${'x'.repeat(before)}":123456789012,"b":${digits}}`)).toHaveProperty('lexemes')
      }
    }
  })

  test('an ordinary line is not scanned again', () => {
    expect(
      layoutOf('{"_p":"bob","_t":1393344604,"url":"https://a.b/c?d=e","at":"10:30","price":19.99,"zero":0}'),
    ).not.toHaveProperty('lexemes')
  })
})
