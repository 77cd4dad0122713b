import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { reject, REASONS, WARNINGS, type ReasonCode } from '../../lambda/reasons.ts'
import { outcomeOf } from './parse/outcome.ts'

const page = readFileSync('docs/reasons.md', 'utf8')

/** The section of the page about one reason. */
const sectionOf = (code: string): string =>
  page.split(/^(?=##)/m).find((section) => section.startsWith(`### \`${code}\`\n`)) ?? ''

/** The examples in a section, each as a list of lines: first the bad lines, then the fixed ones. */
const examplesIn = (section: string): string[][] =>
  Array.from(section.matchAll(/^```jsonl\n(.*?)\n```$/gms), ([, body = '']) => body.split('\n'))

const codes = Object.keys(REASONS) as ReasonCode[]

describe('docs/reasons.md', () => {
  test('explains every reason and no other, in the order of the list', () => {
    expect(Array.from(page.matchAll(/^### `(\w+)`$/gm), ([, code]) => code)).toEqual(codes)
  })

  test.each(codes)('uses the importer’s own sentences for %s', (code) => {
    const { means, fix } = REASONS[code]
    expect(sectionOf(code)).toContain(`\n\n**${means}.** ${fix}\n\n`)
  })

  test.each(codes)('says how to prevent %s at the source', (code) => {
    const isFileFine = REASONS[code].level === 'delivery'
    expect(sectionOf(code).includes('\n\n*At the source:* ')).toBe(!isFileFine)
  })

  // The page cannot show these: bytes that are not text, and texts that are too long. examples/every-reason.jsonl contains them.
  const NOT_SHOWN: readonly ReasonCode[] = ['invalid_encoding', 'line_too_long', 'property_value_too_long', 'request_too_large']
  const shown = codes.filter((code) => REASONS[code].level === 'line' && !NOT_SHOWN.includes(code))

  test.each(shown)('shows lines that are rejected for %s, and the fixed lines', (code) => {
    const [bad, fixed, ...others] = examplesIn(sectionOf(code))
    expect([...new Set(bad?.map(outcomeOf))]).toEqual([code])
    expect([...new Set(fixed?.map(outcomeOf))]).toEqual(['ok'])
    expect(others).toEqual([])
  })

  test('lists every warning and no other, with the same sentences', () => {
    const [, table = ''] = page.split('## Warnings')
    expect(Object.fromEntries(Array.from(table.matchAll(/^\| `(\w+)` \| (.+) \|$/gm), ([, code, text]) => [code, text]))).toEqual(
      WARNINGS,
    )
  })
})

describe('a rejection', () => {
  test('says what is wrong and how to fix it', () => {
    expect(reject('missing_timestamp')).toEqual({
      kind: 'rejection',
      reason: 'missing_timestamp',
      detail: 'The time is missing. Set `_t` to a Unix timestamp in seconds, for example 1393344604.',
    })
  })

  test('says what is wrong with this line in particular', () => {
    expect(reject('not_an_object', 'it is a list').detail).toBe(
      'The line is valid JSON, but not an object (it is a list). Write one object in braces { } per line.',
    )
  })

  // prettier-ignore
  test.each<[string, ReasonCode, string, string]>([
    [ 'a command',       'not_line_delimited_json', 'it is a list; to convert it, run: npx km-import fix FILE --fix array', 'Nothing was sent.' ],
    [ 'words',           'unsupported_format',      'compressed twice; compress it only once',                             'Nothing was sent.' ],
    [ 'no step',         'invalid_csv',             'row 1: the column Identity is missing',                               REASONS.invalid_csv.fix ],
    [ 'a line',          'invalid_json',            'there is a comma too many; remove it',                                REASONS.invalid_json.fix ],
  ])('of a file has one next step, the more specific one: %s', (_what, reason, specifics, step) => {
    expect(reject(reason, specifics).detail).toBe(`${REASONS[reason].means} (${specifics}). ${step}`)
  })

  test.each(codes)('%s consists of full sentences', (code) => {
    const { means, fix } = REASONS[code]
    expect(means).toMatch(/^(?:[A-Z]|`_)[^.]*[^.\s]$/)
    expect(fix).toMatch(/^[A-Z].*\.$/)
  })
})

test('codes are snake_case, and no code is both a reason and a warning', () => {
  const all = [...codes, ...Object.keys(WARNINGS)]
  expect(all.filter((code) => !/^[a-z]+(_[a-z0-9]+)*$/.test(code))).toEqual([])
  expect(new Set(all).size).toBe(all.length)
})
