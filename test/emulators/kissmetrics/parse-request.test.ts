import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { duplicateKey, parseRequest, type RecordCommand } from '../../../emulators/kissmetrics/parse-request.ts'

const NOW = 1_800_000_000
const T = 1_393_344_604

const time = (seconds: number, isTimeIgnored = false) => ({ seconds, isTimeIgnored })

describe('requests that Kissmetrics would store', () => {
  // prettier-ignore
  test.each([
    //  path  parameters                              parsed
    [ '/e', `_k=K&_p=1&_n=Subscribed&_t=${T}&_d=1`,   { kind: 'record', person: '1', event: 'Subscribed', time: time(T), properties: [] } ],
    [ '/e', `_k=K&_p=1&_n=Joined&_t=${T}&_d=1&Age=32&Gender=Male`,
      { kind: 'record', person: '1', event: 'Joined', time: time(T), properties: [['Age', '32'], ['Gender', 'Male']] } ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&Email%20Address=bob%40bob.com`,
      { kind: 'set', person: '1', time: time(T), properties: [['Email Address', 'bob@bob.com']] } ],
    [ '/a', `_k=K&_p=1&_n=bob&_t=${T}&_d=1`,          { kind: 'alias', person: '1', other: 'bob' } ],
    [ '/a', '_k=K&_p=1&_n=bob',                       { kind: 'alias', person: '1', other: 'bob' } ],
    [ '/e', `_d=1&x=1&_t=${T}&_n=n&_p=p&_k=K`,        { kind: 'record', person: 'p', event: 'n', time: time(T), properties: [['x', '1']] } ],
    // Without _d=1 Kissmetrics uses its own clock.
    [ '/e', '_k=K&_p=1&_n=n',                         { kind: 'record', person: '1', event: 'n', time: time(NOW), properties: [] } ],
    [ '/e', `_k=K&_p=1&_n=n&_t=${T}`,                 { kind: 'record', person: '1', event: 'n', time: time(NOW, true), properties: [] } ],
    [ '/e', `_k=K&_p=1&_n=n&_t=${T}&_d=0`,            { kind: 'record', person: '1', event: 'n', time: time(NOW, true), properties: [] } ],
    // Commas and colons in names and identities become spaces; in values they stay.
    [ '/e', `_k=K&_p=a:b&_n=c,d&_t=${T}&_d=1&e:f=g,h`, { kind: 'record', person: 'a b', event: 'c d', time: time(T), properties: [['e f', 'g,h']] } ],
    // Names are not case-sensitive.
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&Plan=a&plan=b`,   { kind: 'set', person: '1', time: time(T), properties: [['Plan', 'a']] } ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&__proto__=a`,     { kind: 'set', person: '1', time: time(T), properties: [['__proto__', 'a']] } ],
    [ '/e', '_k=K&_p=1&_n=n&_t=1230768000&_d=1',      { kind: 'record', person: '1', event: 'n', time: time(1_230_768_000), properties: [] } ],
    [ '/a', `_k=K&_p=${'p'.repeat(255)}&_n=b`,        { kind: 'alias', person: 'p'.repeat(255), other: 'b' } ],
    [ '/a', `_k=K&_p=${'%F0%9F%8E%89'.repeat(255)}&_n=b`, { kind: 'alias', person: '🎉'.repeat(255), other: 'b' } ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&x=${'%C3%A9'.repeat(4096)}`, { kind: 'set', person: '1', time: time(T), properties: [['x', 'é'.repeat(4096)]] } ],
  ])('%s?%s', (path, parameters, parsed) => {
    expect(parseRequest(path, parameters, NOW)).toEqual(parsed)
  })
})

describe('requests that Kissmetrics would answer with 200, but not store', () => {
  // prettier-ignore
  test.each([
    //  path  parameters                              why
    [ '/e', '',                                       'no API key (_k)' ],
    [ '/e', `_k=&_p=1&_n=n&_t=${T}&_d=1`,             'no API key (_k)' ],
    [ '/e', `_k=K&_n=n&_t=${T}&_d=1`,                 'no person (_p)' ],
    [ '/a', '_k=K&_p=+&_n=b',                         'no person (_p)' ],
    [ '/e', `_k=K&_p=1&_t=${T}&_d=1`,                 'no event (_n)' ],
    [ '/e', `_k=K&_p=1&_n=,&_t=${T}&_d=1`,            'no event (_n)' ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1`,                 'no property' ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&=a`,              'a property without a name' ],
    [ '/a', '_k=K&_p=1',                              'no other identity (_n)' ],
    [ '/a', '_k=K&_p=1&_n=1',                         'both identities are the same' ],
    [ '/e', '_k=K&_p=1&_n=n&_t=1230767999&_d=1',      'a time (_t) before 2009' ],
    [ '/e', '_k=K&_p=1&_n=n&_t=0&_d=1',               'a time (_t) before 2009' ],
    [ '/e', '_k=K&_p=1&_n=n&_d=1',                    'a time (_t) that is not in whole seconds' ],
    [ '/e', `_k=K&_p=1&_n=n&_t=${T}.5&_d=1`,          'a time (_t) that is not in whole seconds' ],
    [ '/e', '_k=K&_p=1&_n=n&_t=-5&_d=1',              'a time (_t) that is not in whole seconds' ],
    [ '/s', `_k=K&_p=1&x=1&_t=${T}000&_d=1`,          'a time (_t) that is not in whole seconds' ],
    [ '/e', `_k=K&_p=1&_n=50%&_t=${T}&_d=1`,          'the parameters are not URL-encoded UTF-8' ],
    [ '/a', `_k=K&_p=${'p'.repeat(256)}&_n=b`,        'a person (_p) of more than 255 characters' ],
    [ '/a', `_k=K&_p=1&_n=${'b'.repeat(256)}`,        'a name (_n) of more than 255 characters' ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&${'x'.repeat(256)}=1`, 'a property name of more than 255 characters' ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&x=${'x'.repeat(8193)}`, 'a property value of more than 8,192 bytes' ],
    [ '/s', `_k=K&_p=1&_t=${T}&_d=1&x=${'%C3%A9'.repeat(4097)}`, 'a property value of more than 8,192 bytes' ],
  ])('%s?%.60s', (path, parameters, why) => {
    expect(parseRequest(path, parameters, NOW)).toEqual({ kind: 'ignored', why })
  })
})

describe('two events are duplicates if person, event, second, properties and values are equal', () => {
  const identity = (parameters: string): string =>
    duplicateKey(parseRequest('/e', `_k=K&_d=1&${parameters}`, NOW) as RecordCommand)
  const first = identity(`_p=a&_n=Joined&_t=${T}&plan=pro&seats=3`)

  // prettier-ignore
  test.each([
    //  the other event                      parameters                                     is duplicate
    [ 'has the same bytes',                   `_p=a&_n=Joined&_t=${T}&plan=pro&seats=3`,     true ],
    [ 'has its properties in another order', `_p=a&_n=Joined&_t=${T}&seats=3&plan=pro`,     true ],
    [ 'has the event in capitals',          `_p=a&_n=JOINED&_t=${T}&plan=pro&seats=3`,     true ],
    [ 'has a property in capitals',         `_p=a&_n=Joined&_t=${T}&Plan=pro&seats=3`,     true ],
    [ 'has another person',                  `_p=b&_n=Joined&_t=${T}&plan=pro&seats=3`,     false ],
    [ 'has the person in capitals',         `_p=A&_n=Joined&_t=${T}&plan=pro&seats=3`,     false ],
    [ 'is another event',                    `_p=a&_n=Left&_t=${T}&plan=pro&seats=3`,       false ],
    [ 'is a second later',                   `_p=a&_n=Joined&_t=${T + 1}&plan=pro&seats=3`, false ],
    [ 'has another value',                   `_p=a&_n=Joined&_t=${T}&plan=Pro&seats=3`,     false ],
    [ 'lacks a property',                 `_p=a&_n=Joined&_t=${T}&plan=pro`,             false ],
    [ 'has its values exchanged',       `_p=a&_n=Joined&_t=${T}&plan=3&seats=pro`,     false ],
  ])('%s', (_what, parameters, isSame) => {
    expect(identity(parameters) === first).toBe(isSame)
  })
})

test('any request is parsed or ignored, and never throws', () => {
  const piece = fc.oneof(
    fc.constantFrom('_k=K', '_p=1', '_n=n', `_t=${T}`, '_d=1', 'x=1', '%', '=', '&', '%00', '+'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.constantFrom('/e', '/s', '/a'), fc.array(piece), (path, pieces) => {
      expect(['record', 'set', 'alias', 'ignored']).toContain(parseRequest(path, pieces.join('&'), NOW).kind)
    }),
  )
})
