import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { identityMeaning, isPlainIdentity, isUnusual } from '../../../lambda/parse/identity-meaning.ts'
import { lineWith, outcomeOf, parsed, rejectionOf } from './outcome.ts'
import { anyText } from '../../support/any-text.ts'

// cspell:ignore nullman guesty anonymouse nullnull undefinedundefined ｎｕｌｌ unbekannt anónimo QNAN Gastón maxxx

const PLACEHOLDERS = [
  ...[
    'null',
    'NULL',
    'Null',
    '(null)',
    '<null>',
    'null null',
    'undefined',
    'UNDEFINED',
    'undefined undefined',
    'None',
    'NaN',
    'nan',
    'nil',
  ],
  ...[
    '0',
    '0.0',
    '00',
    '-0',
    '-1',
    'false',
    'True',
    '[object Object]',
    '[object Undefined]',
    String.raw`\N`,
    '#N/A',
    '#NULL!',
    '#REF!',
    '',
  ],
  ...[
    'anonymous',
    'Anonymous',
    'ANONYMOUS',
    'anon',
    'guest',
    'Guest User',
    'unknown',
    'visitor',
    '-',
    '--',
    '—',
    '.',
    '?',
    'N/A',
    'n/a',
    'na',
  ],
  ...[
    'not set',
    '(not set)',
    'not_available',
    'no email',
    'undefined@example.com',
    'null@null',
    'unknown@unknown.com',
    '"null"',
    "'null'",
  ],
  ...[
    '00000000-0000-0000-0000-000000000000',
    '{{user.id}}',
    '${userId}',
    '*|EMAIL|*',
    '{}',
    ' null ',
    'null\u200b',
    '\u00a0guest',
  ],
  // Several at once, and the words of other languages and programs.
  ...[
    'nullnull',
    'undefinedundefined',
    'null,null',
    'null-undefined',
    'null|null',
    'undefined:null',
    'null.',
    'NULL;',
    'ｎｕｌｌ',
    '[object Object],[object Object]',
    '[object HTMLInputElement]',
    'Optional(nil)',
    '%!s(<nil>)',
    '&lt;null&gt;',
    'NoneType',
    'System.String',
    '<no value>',
    'no one',
    'not logged in',
    'logged_out',
    'no available',
    '[deleted]',
    '[REDACTED]',
    'unbekannt',
    'anónimo',
    '匿名',
    '0000-00-00',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    'inf',
    '-nan',
    '1.#QNAN',
    '#{email}',
    '{!Contact.Email}',
    '{email}',
    '%email%',
    '%(email)s',
    '[[email]]',
    'XXXX',
    '@',
  ],
].filter((text) => text !== '')

const PEOPLE = [
  ...[
    'bob',
    'bob@example.com',
    'nullman',
    'undefined1',
    'nancy',
    'nan.smith@example.com',
    'guesty',
    'anonymouse',
    'none-of-us',
    '10',
    '100',
    '0x1',
  ],
  ...[
    '1.0',
    '-12',
    'falsetto',
    'object',
    'n',
    'a',
    'x',
    'noah',
    'nil.armstrong',
    'bob@null.com',
    'bob@unknown.org',
    'zero',
    'visitor-17',
    'null_123',
    'infinity-fan',
    'inform',
    'nonet',
    'nullo',
    'Gastón',
    'anonymous_1234',
    '0-1',
    '{6F9619FF-8B86-D011-B42D-00C04FC964FF}'.slice(1, -1),
    'fffff',
    'xx',
    'maxxx',
  ],
].filter((text) => text !== 'object')

describe('the text of an absent value, or one that many people share', () => {
  test.each(PLACEHOLDERS)('%j as the person is sent and counted', (text) => {
    expect(parsed(lineWith({ _p: text })).warnings).toContain('placeholder_identity')
  })

  test.each(PLACEHOLDERS)('%j in an alias is rejected, on both sides: it cannot be undone', (text) => {
    expect(outcomeOf(lineWith({ _p2: text }))).toBe('invalid_alias')
    expect(outcomeOf(lineWith({ _p: text, _p2: 'bob' }))).toBe('invalid_alias')
  })

  test('the number 0 too', () => {
    expect(outcomeOf(lineWith({ _p2: 0 }))).toBe('invalid_alias')
    expect(parsed(lineWith({ _p: 0 })).warnings).toEqual(['placeholder_identity'])
  })

  test.each(PEOPLE)('%j is a person', (text) => {
    expect(parsed(lineWith({ _p: text })).warnings).toEqual([])
    expect(outcomeOf(lineWith({ _p: 'rob', _p2: text }))).toBe('ok')
  })

  test('texts that almost are placeholders are decided soon: an expression that tries all combinations would take hours', () => {
    const parts = ['nan-', 'null', '-nan', '[object a];', 'none none_', String.raw`\n`, '0-', '{a', '%a']
    const texts = parts.map((part) => `${part.repeat(120).slice(0, 119)}x`)
    expect(texts.filter((text) => parsed(lineWith({ _p: text })).warnings.includes('placeholder_identity'))).toEqual([])
  })

  test('the detail says which side it is', () => {
    expect(rejectionOf(lineWith({ _p2: 'null' })).detail).toContain('(`_p2` stands for a missing value or for many people')
    expect(rejectionOf(lineWith({ _p: 'null', _p2: 'bob' })).detail).toContain(
      '(`_p` stands for a missing value or for many people',
    )
  })
})

describe('an identity that may become a second person is sent and counted', () => {
  test.each([
    ...[
      ' bob@example.com',
      'bob@example.com ',
      'bob@example.com\u00a0',
      'bob@example.com\u200b',
      '\ufeffbob@example.com',
      'bob\u00ad@example.com',
    ],
    ...[
      '\u3000bob',
      'bob\u202e@example.com',
      '\u200ebob',
      'bo\u2060b',
      'mailto:bob@example.com',
      'MAILTO:bob@example.com',
      '<bob@example.com>',
    ],
    ...['"bob@example.com"', "'bob'", '[bob]', '(bob)', 'bob@example.com,ann@example.com', 'bob\u00a0smith'],
  ])('%j', (text) => {
    expect(isUnusual(text)).toBe(true)
    expect(parsed(lineWith({ _p: text })).warnings).toEqual(['unusual_identity'])
    expect(parsed(lineWith({ _p: 'rob', _p2: text })).warnings).toEqual(['unusual_identity'])
  })

  test.each([
    'bob',
    'Bob Smith',
    'bob@example.com',
    'Smith, Bob',
    'zoë',
    '名',
    '🎉',
    '👩‍👩‍👧',
    '❤️',
    'a/b=c+d',
    'xY==',
    'mail:bob',
    '12',
    'Bob O’Hara',
  ])('not %j', (text) => {
    expect(parsed(lineWith({ _p: text })).warnings).toEqual([])
  })
})

test.each([
  ['a', 'A'],
  ['a', 'a '],
  ['a', 'a\u200b'],
  ['1.0', 1],
  ['zo\u00eb', 'zoe\u0308'],
])('an alias of %j to %j is sent and counted', (person, other) => {
  expect(parsed(lineWith({ _p: person, _p2: other })).warnings).toContain('similar_identities')
})

describe('what can be seen', () => {
  test.each(['\u200b', '\u2060\ufeff', '\u00ad', '\u2800', '\u3164', '\u200b \u00a0'])(
    '%j is not an identity, event or name',
    (text) => {
      expect(outcomeOf(lineWith({ _p: text }))).toBe('missing_identity')
      expect(outcomeOf(lineWith({ _p2: text }))).toBe('invalid_alias')
      expect(outcomeOf(lineWith({ _n: text }))).toBe('invalid_event_name')
      expect(outcomeOf(lineWith({ [text]: 'x' }))).toBe('invalid_property_name')
    },
  )

  test('the detail names the character', () => {
    expect(rejectionOf(lineWith({ _p: '\u200b' })).detail).toContain(
      '(`_p` has only characters that cannot be seen: U+200B, zero width space)',
    )
  })
})

describe('what is meant by an identity', () => {
  // prettier-ignore
  test.each([
    [ 'Bob@Example.com',         'bob@example.com' ],
    [ ' bob@example.com\u200b',  'bob@example.com' ],
    [ '<Bob@example.com>',       'bob@example.com' ],
    [ 'mailto:bob@example.com',  'bob@example.com' ],
    [ 'zoe\u0308',               'zo\u00eb' ],
    [ '1001.0',                  '1001' ],
    [ '001001',                  '1001' ],
    [ '1.001e3',                 '1001' ],
    [ '1001',                    '1001' ],
    [ '12345678901234567890',    '12345678901234567890' ],
    [ '1a',                      '1a' ],
  ])('%j is %j', (text, meaning) => {
    expect(identityMeaning(text)).toBe(meaning)
  })

  test('the meaning of a meaning is the same', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), anyText(), fc.emailAddress(), fc.double().map(String)), (text) => {
        const meaning = identityMeaning(text)
        expect(isPlainIdentity(text)).toBe(meaning === text)
      }),
    )
  })
})
