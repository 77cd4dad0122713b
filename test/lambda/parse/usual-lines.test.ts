import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { identityWarnings, isOrdinary, parseIdentity } from '../../../lambda/parse/identity.ts'
import { parseAny, parseLine } from '../../../lambda/parse/line.ts'
import { UsualLines } from '../../../lambda/parse/usual-lines.ts'

// cspell:ignore ｎｕｌｌ

// A line of which the names are known is read without JSON.parse. Nobody can see a difference.

const TIME = 1_393_286_400
const RULES = { latestTime: TIME + 86_400 }
const USES = 16

const NAMES = ['plan', 'a b', 'é', '$x', '_x', '_c', 'a.b[0]', '/', '😀', '1', '10', 'plan2'] as const

const name = fc.constantFrom(...NAMES)
const names = fc
  .uniqueArray(fc.oneof({ weight: 2, arbitrary: fc.constantFrom('_p', '_t', '_n', '_p2') }, { weight: 3, arbitrary: name }), {
    minLength: 1,
    maxLength: 7,
  })
  .map((list) => [...new Set(['_p', '_t', ...list])])

// prettier-ignore
const IDENTITIES = [
  '"anna@example.com"', '"anna.1@example.com"', '"émile.2752@example.com"', '"花子.19@example.com"', '"guest"', '"null"', '" a1"', '"a1 "', '"mailto:a1@b.com"',
  '"a1"', '"A.7"', '7', '12', '"12"', '"0"', '"x-1"', '"-1"', '"1.#inf"', '"ｎｕｌｌ"', '"a1\u200b"', '"a1\ufe0f"', '"<a1>"', '"a1,b@c"', '"a\\u00311"', '""', '" "', '"😀1"', '-0',
]
// prettier-ignore
const ODD = [
  '0', '-0', '0.0', '1.0', '1.50', '1e3', '1E-7', '0.0000001', '0.000001', '-0.5', '123456789012345', '1234567890123456', '12345678901234.5', '123456789012345.678901', '0.1234567', '01', '+1', '.5', '1.',
  'NaN', 'Infinity', 'null', 'true', 'false', 'nul', 'True', '""', '" "', '"\\n"', '"\n"', '"\t"', '"\\ud800"', '"\ud800"', '"😀"', '"a\\"b"', '"\u2028"', '"\u007f"',
  '"123456789012345678"', '"a":1', '"},{"', '{}', '[]', '{"a":1}', `"${'x'.repeat(3_000)}"`, `"${'無'.repeat(1_400)}"`, `"${'a'.repeat(300)}"`, `${TIME}`, `"${TIME}"`, `${TIME}.5`, `${TIME}000`,
]
const written = fc.oneof(
  fc.constantFrom(...ODD, ...IDENTITIES),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.double().map((number) => JSON.stringify(number)),
  fc.integer().map(String),
)
const ordinary = { _p: fc.constantFrom(...IDENTITIES), _t: fc.constant(String(TIME)), _n: fc.constantFrom('"bought"', '"a, b"') }

function valueOf(key: string): fc.Arbitrary<string> {
  const usual = key in ordinary ? ordinary[key as keyof typeof ordinary] : fc.constantFrom('"pro"', '7', '56.89', 'true', 'null')
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: written })
}

const gap = fc.oneof({ weight: 9, arbitrary: fc.constantFrom('', ' ') }, fc.constantFrom('  ', '\t', '\r', '\u00a0', ',', ':'))
const line = names.chain((list) =>
  fc
    .tuple(
      fc.tuple(...list.map((key) => valueOf(key))),
      fc.array(gap, { minLength: 6, maxLength: 6 }),
      fc.nat(9),
      name,
      fc.nat(400),
    )
    .map(([values, [colon, comma, first, last, end], damage, other, cut]) => {
      const members = list.map((key, index) => `${JSON.stringify(key)}:${colon ?? ''}${values[index] ?? ''}`)
      if (damage === 0) members.push(`${JSON.stringify(list.at(-1))}:1`) // a name twice
      if (damage === 1) members.push(`${JSON.stringify(other)}:1`)
      const text =
        damage < 3 ? `${first ?? ''}{${members.join(`,${comma ?? ''}`)}${last ?? ''}}${end ?? ''}` : `{${members.join(',')}}`
      return damage === 9 ? text.slice(0, cut) : text
    }),
)

/** Makes the names of a line known, with texts and with numbers, and some that begin alike. */
function makeKnown(list: readonly string[]): void {
  for (let end = 2; end <= list.length; end += 1) {
    for (const write of [(number: number) => number, (number: number) => `"${number}"`]) {
      const members = list.slice(0, end).map((key, index) => `${JSON.stringify(key)}:${write(key === '_t' ? TIME : index + 10)}`)
      for (let use = 0; use < USES; use += 1) parseLine(`{${members.join(',')}}`, RULES)
    }
  }
}

test('any line has the result that it has if its names are not known', () => {
  for (const list of [
    ['_p', '_t', '_n', 'plan', 'a b'],
    ['_p', '_t', '_p2', 'é'],
    ['_p', '_t', '$x', '_x', '_c', 'a.b[0]', '/', '1', '10', '😀'],
  ])
    makeKnown(list)
  fc.assert(
    fc.property(line, (text) => {
      expect(parseLine(text, RULES)).toEqual(parseAny(text, RULES))
    }),
    { numRuns: 1_000 },
  )
})

test('so has each value, in each place', () => {
  makeKnown(['_p', '_t', '_n', '_p2', 'a'])
  const usual: Readonly<Record<string, string>> = { _p: '"a1"', _t: String(TIME), _n: '"bought"', _p2: '"b"', a: '1' }
  for (const value of [...ODD, ...IDENTITIES])
    for (const changed of Object.keys(usual)) {
      const text = `{${Object.entries(usual)
        .map(([key, own]) => `"${key}":${key === changed ? value : own}`)
        .join(',')}}`
      expect({ text, result: parseLine(text, RULES) }).toEqual({ text, result: parseAny(text, RULES) })
    }
})

test('an identity that needs no check has nothing that a check would find', () => {
  const piece = fc.constantFrom(
    'a',
    'f',
    'null',
    'guest',
    'nan',
    'É',
    'ß',
    '花',
    '匿名',
    '0',
    '1',
    '7',
    '.',
    '_',
    '-',
    '@',
    '+',
    '=',
    '/',
    '#inf',
    ' ',
    ':',
    ',',
    '\u200d',
    '\u0301',
    '％',
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
      (identity) => {
        fc.pre(isOrdinary(identity))
        expect(parseIdentity(identity)).toBe(identity)
        expect(identityWarnings(identity, undefined, [])).toEqual([])
      },
    ),
    { numRuns: 300 },
  )
})

/** Learns a list of names as often as it takes. */
function learn(lines: UsualLines, list: readonly string[], value: unknown): void {
  const values = Object.fromEntries(list.map((name) => [name, value]))
  for (let use = 0; use < USES; use += 1) lines.learn(list, values)
}

/** Learns lists of names, with texts and with other values. */
function learned(...lists: readonly (readonly string[])[]): UsualLines {
  const lines = new UsualLines()
  for (const list of lists) for (const value of ['a', 1]) learn(lines, list, value)
  return lines
}

test('names that occur often are known, if their values are of the kind that they had', () => {
  const lines = new UsualLines()
  learn(lines, ['_p', 'plan'], 'a')
  expect(lines.read('{"_p":"b","plan":"c"}')).toMatchObject({ person: 'b', properties: [['plan', 'c']] })
  expect(lines.read('{"_p":"b","plan":1}')).toBeUndefined()
  learn(lines, ['_p', 'plan'], null)
  expect(lines.read('{"_p":"b","plan":1}')).toMatchObject({ person: 'b', properties: [['plan', '1']] })
  expect(lines.read('{"_p":7,"plan":"c"}')).toMatchObject({ person: 7, properties: [['plan', 'c']] })
})

test('names are known whatever the names that begin alike', () => {
  const lines = learned(['_p', '_t', '_n'], ['_p', '_t', '_n', 'plan', 'price'], ['_n', '_p', '_t', '_x', '_c', '$[a]'])
  expect(lines.read('{"_p":"a","_t":1,"_n":"bought"}')).toEqual({
    person: 'a', time: 1, event: 'bought', other: undefined, properties: [], warnings: [],
  }) // prettier-ignore
  expect(lines.read('{"_p": 7, "_t": "1", "_n": null, "plan": "", "price": 56.89}')).toEqual({
    person: 7, time: '1', event: null, other: undefined, properties: [['price', '56.89']], warnings: ['empty_property'],
  }) // prettier-ignore
  expect(lines.read('{"_n":"b","_p":"a","_t":1,"_x":true,"_c":1,"$[a]":null}')).toEqual({
    person: 'a', time: 1, event: 'b', other: undefined, properties: [['_x', 'true']], warnings: ['underscore_name', 'export_column', 'empty_property'],
  }) // prettier-ignore
  expect(lines.read('{"_p":"a","_t":1}')).toBeUndefined()
  expect(lines.read('{"_p":"a","_t":1,"_n":"bought","plan":"b"}')).toBeUndefined()
})

test('names are known again after a file with too many others', () => {
  const lists = Array.from({ length: 60 }, (_, number) => ['_p', '_t', `a${number}`, `b${number}`])
  const lines = learned(...lists)
  const last = ['_p', '_t', 'last']
  for (let use = 0; use < 20_000; use += 1) lines.learn([`${use}`], {})
  expect(lines.read('{"_p":"a","_t":1,"last":2}')).toBeUndefined()
  learn(lines, last, 'a')
  learn(lines, last, 1)
  expect(lines.read('{"_p":"a","_t":1,"last":2}')).toMatchObject({ properties: [['last', '2']] })
})
