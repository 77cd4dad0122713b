import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { reject, REASONS, WARNINGS, type ReasonCode } from '../../lambda/reasons.ts'
import { outcomeOf } from './parse/outcome.ts'

const page = readFileSync('docs/reasons.md', 'utf8')

/** The part of the page about one reason. */
const sectionOf = (code: string): string =>
  page.split(/^(?=##)/m).find((section) => section.startsWith(`### \`${code}\`\n`)) ?? ''

/** The examples of a section, each as its lines: what is wrong, then the same mended. */
const examplesIn = (section: string): string[][] =>
  Array.from(section.matchAll(/^```jsonl\n(.*?)\n```$/gms), ([, body = '']) => body.split('\n'))

const codes = Object.keys(REASONS) as ReasonCode[]

describe('docs/reasons.md', () => {
  test('explains every reason and no other, in the order of the list', () => {
    expect(Array.from(page.matchAll(/^### `(\w+)`$/gm), ([, code]) => code)).toEqual(codes)
  })

  test.each(codes)('says of %s what the importer says', (code) => {
    const { means, fix } = REASONS[code]
    expect(sectionOf(code)).toContain(`\n\n**${means}.** ${fix}\n\n`)
  })

  // These cannot be shown as they are: bytes that are no text, and texts too long for a page. examples/every-reason.jsonl has them.
  const NOT_SHOWN: readonly ReasonCode[] = ['invalid_encoding', 'line_too_long', 'property_value_too_long', 'request_too_large']
  const shown = codes.filter((code) => REASONS[code].level === 'line' && !NOT_SHOWN.includes(code))

  test.each(shown)('shows lines that come back with %s, and the same mended', (code) => {
    const [wrong, edited, ...others] = examplesIn(sectionOf(code))
    expect([...new Set(wrong?.map(outcomeOf))]).toEqual([code])
    expect([...new Set(edited?.map(outcomeOf))]).toEqual(['ok'])
    expect(others).toEqual([])
  })

  test('lists every warning and no other, in the words of the list', () => {
    const [, table = ''] = page.split('## What is only counted')
    expect(Object.fromEntries(Array.from(table.matchAll(/^\| `(\w+)` \| (.+) \|$/gm), ([, code, text]) => [code, text]))).toEqual(
      WARNINGS,
    )
  })
})

describe('a rejection', () => {
  test('says what is wrong and what to do', () => {
    expect(reject('missing_timestamp')).toEqual({
      kind: 'rejection',
      reason: 'missing_timestamp',
      detail: 'The time is missing. Give `_t` the time in whole seconds since 1970 (UTC).',
    })
  })

  test('says what was met in the very line', () => {
    expect(reject('not_an_object', 'it is a list').detail).toBe(
      'The line is JSON, but not an object (it is a list). Write one object in braces on each line.',
    )
  })

  test.each(codes)('%s reads as sentences', (code) => {
    const { means, fix } = REASONS[code]
    expect(means).toMatch(/^(?:[A-Z]|`_)[^.]*[^.\s]$/)
    expect(fix).toMatch(/^[A-Z].*\.$/)
  })
})

test('codes are snake_case, and none is a reason and a warning', () => {
  const all = [...codes, ...Object.keys(WARNINGS)]
  expect(all.filter((code) => !/^[a-z]+(_[a-z0-9]+)*$/.test(code))).toEqual([])
  expect(new Set(all).size).toBe(all.length)
})
