import { expect, test } from '@jest/globals'
import { addValue, mergeValues, type ValueUse } from '../../../../cli/preview/digest/values.ts'
import { typeOf } from '../../../../lambda/survey/value-type.ts'

// prettier-ignore
test.each([
  [ '12',         'number' ],
  [ '-0.5',       'number' ],
  [ '+5',         'number' ],
  [ '.5',         'number' ],
  [ '1e9',        'number' ],
  [ '1,000',      'text' ],
  [ '$5',         'text' ],
  [ '5 EUR',      'text' ],
  [ '-',          'text' ],
  [ ' ',          'text' ],
  [ '2014-02-25', 'text' ],
  [ 'NaN',        'text' ],
  [ 'true',       'boolean' ],
  [ 'True',       'text' ],
])('Kissmetrics reads %j as a %s', (value, type) => {
  expect(typeOf(value)).toBe(type)
})

function usesOf(values: readonly string[]): Map<string, ValueUse> {
  const uses = new Map<string, ValueUse>()
  for (const value of values) addValue(uses, 'x', value)
  return uses
}

test('values are counted by type, with three distinct examples', () => {
  const { count, longValues, types } = usesOf(['1', '2', '1', '3', '4', 'y'.repeat(513)]).get('x')!
  expect({ count, longValues }).toEqual({ count: 6, longValues: 1 })
  expect(types.get('number')).toEqual({ count: 5, examples: ['1', '2', '3'] })
  expect(types.get('text')).toEqual({ count: 1, examples: [`${'y'.repeat(60)}…`] })
})

test('two parts of a file add up to the whole', () => {
  const values = ['1', 'a', '2', 'true', 'b', '1', '3', '4', 'y'.repeat(600)]
  const merged = usesOf(values.slice(0, 4))
  for (const [name, use] of usesOf(values.slice(4))) mergeValues(merged, name, use)
  expect(merged).toEqual(usesOf(values))
})
