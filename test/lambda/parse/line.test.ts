import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isBlank, parseLine } from '../../../lambda/parse/line.ts'
import { REASONS } from '../../../lambda/reasons.ts'
import { lineWith, outcomeOf, parsed, rejectionOf, requestsOf, RULES, SECONDS } from './outcome.ts'
import { anyText } from '../../support/any-text.ts'

interface WireExample {
  readonly id: number
  readonly line: string
  readonly targets: readonly string[]
  readonly source: string
}

const wireExamples = JSON.parse(readFileSync('test/fixtures/wire-examples.json', 'utf8')) as readonly WireExample[]

describe('requests agree with Kissmetrics’ documents and clients', () => {
  test('all examples are there', () => {
    expect(wireExamples).toHaveLength(73)
  })

  test.each(wireExamples.map(({ id, line, targets, source }) => [id, source, line, targets] as const))(
    '%i. %s: %s',
    (_id, _source, line, targets) => {
      expect(requestsOf(line)).toEqual(targets.map((path) => ({ method: 'GET', path })))
    },
  )
})

const x255 = 'x'.repeat(255)
const x256 = 'x'.repeat(256)
const party255 = '🎉'.repeat(255)

describe('the rules, on both sides of each limit', () => {
  // prettier-ignore
  test.each([
    //  the line                                       the result
    [ '{"_p":"bob","_t":1393344604,"_n":"x"}',         'ok' ],
    [ ' {"_p":"bob","_t":1393344604,"_n":"x"}\t',      'ok' ],
    [ '{"_p":"bob","_t":1393344604,"_n":"x"',          'invalid_json' ],
    [ '{"_p":"bob","_t":1393344604,"_n":"x"},',        'invalid_json' ],
    [ '[{"_p":"bob","_t":1393344604,"_n":"x"}]',       'not_an_object' ],
    [ '[]',                                            'not_an_object' ],
    [ '"text"',                                        'not_an_object' ],
    [ '1',                                             'not_an_object' ],
    [ 'true',                                          'not_an_object' ],
    [ 'null',                                          'not_an_object' ],
    [ '{}',                                            'missing_identity' ],
    [ '{"_p":"bob","_p":"bob","_t":1393344604}',       'duplicate_name' ],
  ])('the line %s: %s', (line, outcome) => {
    expect(outcomeOf(line)).toBe(outcome)
  })

  // prettier-ignore
  test.each([
    //  _p                                              the result
    [ 'a person',                 'bob',                'ok' ],
    [ 'one character',            'b',                  'ok' ],
    [ 'an emoji',                 '🎉',                 'ok' ],
    [ 'absent',                   undefined,            'missing_identity' ],
    [ 'null',                     null,                 'missing_identity' ],
    [ 'empty',                    '',                   'missing_identity' ],
    [ 'a space',                  ' ',                  'missing_identity' ],
    [ 'white space',              '\t\n\u00a0\u3000',   'missing_identity' ],
    [ 'space around it',          ' bob ',              'ok' ],
    [ 'zero',                     0,                    'ok' ],
    [ 'the last safe integer',    2 ** 53 - 1,          'ok' ],
    [ 'the first unsafe integer', 2 ** 53,              'invalid_identity' ],
    [ 'below zero',               -42,                  'ok' ],
    [ 'a fraction',               1.5,                  'invalid_identity' ],
    [ 'true',                     true,                 'invalid_identity' ],
    [ 'false',                    false,                'invalid_identity' ],
    [ 'an object',                { id: 1 },            'invalid_identity' ],
    [ 'a list',                   ['bob'],              'invalid_identity' ],
    [ '255 characters',           x255,                 'ok' ],
    [ '256 characters',           x256,                 'invalid_identity' ],
    [ '255 emoji',                party255,             'ok' ],
    [ '255 emoji and a letter',   `${party255}x`,       'invalid_identity' ],
    [ 'a control character',      'b\u0000b',           'invalid_identity' ],
    [ 'the last C0 control',      'b\u001fb',           'invalid_identity' ],
    [ 'delete',                   'b\u007fb',           'invalid_identity' ],
    [ 'the last C1 control',      'b\u009fb',           'invalid_identity' ],
    [ 'after the last control',   'b\u00a0b',           'ok' ],
    [ 'before delete',            'b~b',                'ok' ],
    [ 'half an emoji',            'b\ud800',            'invalid_unicode' ],
  ])('`_p` %s', (_what, person, outcome) => {
    expect(outcomeOf(lineWith({ _p: person }))).toBe(outcome)
  })

  // prettier-ignore
  test.each([
    //  _n                                              the result
    [ 'absent',                   undefined,            'ok' ],
    [ 'null',                     null,                 'ok' ],
    [ 'text',                     'x',                  'ok' ],
    [ 'empty',                    '',                   'invalid_event_name' ],
    [ 'white space',              '  ',                 'invalid_event_name' ],
    [ 'a whole number',           404,                  'ok' ],
    [ 'an unsafe integer',        2 ** 53,              'invalid_event_name' ],
    [ 'a fraction',               0.5,                  'invalid_event_name' ],
    [ 'true',                     true,                 'invalid_event_name' ],
    [ 'an object',                {},                   'invalid_event_name' ],
    [ 'a list',                   [],                   'invalid_event_name' ],
    [ '255 characters',           x255,                 'ok' ],
    [ '256 characters',           x256,                 'invalid_event_name' ],
    [ 'a comma and a colon',      'a:b,c',              'ok' ],
    [ 'half an emoji',            '\udc00',             'invalid_unicode' ],
  ])('`_n` %s', (_what, event, outcome) => {
    expect(outcomeOf(lineWith({ _n: event, plan: 'pro' }))).toBe(outcome)
  })

  // prettier-ignore
  test.each([
    //  _p2                                             the result
    [ 'absent',                   undefined,            'ok' ],
    [ 'null',                     null,                 'ok' ],
    [ 'text',                     'x',                  'ok' ],
    [ 'empty',                    '',                   'invalid_alias' ],
    [ 'white space',              ' ',                  'invalid_alias' ],
    [ 'a whole number',           7,                    'ok' ],
    [ 'an unsafe integer',        2 ** 53,              'invalid_alias' ],
    [ 'false',                    false,                'invalid_alias' ],
    [ 'an object',                {},                   'invalid_alias' ],
    [ 'a list',                   [],                   'invalid_alias' ],
    [ '255 characters',           x255,                 'ok' ],
    [ '256 characters',           x256,                 'invalid_alias' ],
    [ 'a control character',      'a\tb',               'invalid_alias' ],
    [ 'half an emoji',            '\ud800',             'invalid_unicode' ],
    [ 'the person itself',        'bob',                'alias_to_itself' ],
    [ 'the person in capitals',   'Bob',                'ok' ],
  ])('`_p2` %s', (_what, other, outcome) => {
    expect(outcomeOf(lineWith({ _p2: other }))).toBe(outcome)
  })

  test('a number and its text are the same identity', () => {
    expect(outcomeOf(lineWith({ _p: 1, _p2: '1' }))).toBe('alias_to_itself')
  })

  test('an identity that JavaScript would round is rejected', () => {
    expect(outcomeOf('{"_p":9007199254740990.6,"_t":1393344604,"_n":"x"}')).toBe('invalid_identity')
    expect(outcomeOf('{"_p":1.00000000000000000001,"_t":1393344604,"_n":"x"}')).toBe('invalid_identity')
  })
})

describe('the commands of a line', () => {
  const commandsOf = (line: string) => parsed(line).commands.map((command) => command.kind)

  // prettier-ignore
  test.each([
    //  the line has                      changes                                            commands, in this order
    [ '_n',                               {},                                                ['record'] ],
    [ '_n and a property',                { plan: 'pro' },                                   ['record'] ],
    [ 'a property',                       { _n: undefined, plan: 'pro' },                    ['set'] ],
    [ '_p2',                              { _n: undefined, _p2: 'rob' },                     ['alias'] ],
    [ '_n and _p2',                       { _p2: 'rob' },                                    ['record', 'alias'] ],
    [ '_p2 and a property',               { _n: undefined, _p2: 'rob', plan: 'pro' },        ['set', 'alias'] ],
    [ '_n, _p2 and a property',           { _p2: 'rob', plan: 'pro' },                       ['record', 'alias'] ],
    [ '_n and a property without value',  { plan: null },                                    ['record'] ],
    [ '_p2 and a property without value', { _n: null, _p2: 'rob', plan: '' },                ['alias'] ],
  ])('%s', (_what, changes, kinds) => {
    expect(commandsOf(lineWith(changes))).toEqual(kinds)
  })

  // prettier-ignore
  test.each([
    [ 'only a person and a time',         { _n: undefined } ],
    [ 'nulls',                            { _n: null, _p2: null, plan: null } ],
    [ 'an empty property',                { _n: undefined, plan: '' } ],
    [ 'what Kissmetrics’ exports add',    { _n: undefined, _c: 'x', _server_timestamp: 1 } ],
    [ '_d',                               { _n: undefined, _d: 1 } ],
  ])('none for %s', (_what, changes) => {
    expect(outcomeOf(lineWith(changes))).toBe('nothing_to_import')
  })

  test('all commands of a line have its time', () => {
    const { time, commands } = parsed(lineWith({ _p2: 'rob' }))
    expect([time, ...commands.map((command) => command.time)]).toEqual([SECONDS, SECONDS, SECONDS])
  })
})

describe('blank', () => {
  // prettier-ignore
  test.each([
    [ '',           true ],
    [ ' ',          true ],
    [ '\t \r',      true ],
    [ '\u00a0',     true ],
    [ '\ufeff',     true ],
    [ '{}',         false ],
    [ ' {}',        false ],
    [ 'é',          false ],
    [ '\u0000',     false ],
    [ '\u200b',     false ],
  ])('%j: %s', (text, expected) => {
    expect(isBlank(text)).toBe(expected)
  })
})

describe('no line makes the parser throw', () => {
  const check = (line: string): void => {
    const outcome = parseLine(line, RULES)
    if (outcome.kind === 'rejection') expect(Object.keys(REASONS)).toContain(outcome.reason)
    else expect(outcome.commands.length).toBeGreaterThan(0)
  }

  test('any text', () => {
    fc.assert(fc.property(anyText(), check))
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), check))
  })

  test('any JSON', () => {
    fc.assert(fc.property(fc.json(), check))
  })

  test('any values under the names of the file format', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(SECONDS, 'bob', '', null))
    const names = ['_p', '_t', '_n', '_p2', '_k', '_d', '_c', '_x', 'plan', '__proto__', 'constructor', '1'] as const
    const object = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 })
    fc.assert(
      fc.property(object, (members) => {
        check(`{${members.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`).join(',')}}`)
      }),
    )
  })

  test('a line that is cut after any character', () => {
    const line = lineWith({ Größe: 1.5e-7, nested: { a: [1, { b: 'c' }] }, quote: '"\\' })
    for (let end = 0; end < line.length; end += 1) expect(outcomeOf(line.slice(0, end))).toBe('invalid_json')
    expect(outcomeOf(line)).toBe('nested_property')
  })

  test('brackets nested as deep as a line is long', () => {
    expect(outcomeOf('['.repeat(262_144))).toBe('invalid_json')
    expect(outcomeOf(`{"_p":"bob","_t":1393344604,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBe('nested_property')
  })
})

describe('a rejection contains no value of the line', () => {
  const secret = 'hunter2-zyxw'

  // prettier-ignore
  test.each([
    [ 'not JSON',                 `{"_p":"${secret}",}` ],
    [ 'text without quotes',      secret ],
    [ 'only a text',              JSON.stringify(secret) ],
    [ 'a long identity',          lineWith({ _p: secret.repeat(30) }) ],
    [ 'a control character',      lineWith({ _p: `${secret}\u0000` }) ],
    [ 'a list as a person',       lineWith({ _p: [secret] }) ],
    [ 'a text as a time',         lineWith({ _t: secret }) ],
    [ 'a long event',             lineWith({ _n: secret.repeat(30) }) ],
    [ 'an alias to itself',       lineWith({ _p: secret, _p2: secret }) ],
    [ 'half an emoji',            lineWith({ note: `${secret}\ud800` }) ],
    [ 'a nested value',           lineWith({ note: { a: secret } }) ],
    [ 'a nested list',            lineWith({ note: [secret] }) ],
    [ 'a long value',             lineWith({ note: secret.repeat(1000) }) ],
    [ 'a key',                    lineWith({ _k: secret }) ],
    [ '_d',                       lineWith({ _d: secret }) ],
    [ 'a late part of a name',    lineWith({ [`${'x'.repeat(60)}${secret.repeat(20)}`]: 1 }) ],
  ])('%s', (_what, line) => {
    expect(rejectionOf(line).detail).not.toContain('hunter2')
  })
})
