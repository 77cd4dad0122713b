import { describe, expect, test } from '@jest/globals'
import { rejectionOf, rejectionOfRow } from '../../../cli/rejects/validate.ts'
import { onOneLine } from '../../../lambda/rules/lines-of.ts'

describe('a line is validated as if it were imported now', () => {
  test.each([
    ['{"_p":"a","_t":1393344604,"_n":"x"}', undefined],
    ['{"_p":"a","_t":4102444800,"_n":"x"}', 'timestamp_in_future'],
    ['{"_p":"a","_n":"x"}', 'missing_timestamp'],
    ['', 'nothing_to_import'],
  ])('%s: %s', (line, reason) => {
    expect(rejectionOf(line)?.reason).toBe(reason)
  })
})

describe('a U+FFFD in a line', () => {
  const line = '{"_p":"a","_t":1393344604,"_n":"Montr\ufffdal"}'

  test('is rejected if it stands for a byte that could not be decoded', () => {
    expect(rejectionOfRow(line, true)?.reason).toBe('invalid_encoding')
    expect(rejectionOfRow(line.replace('\ufffd', 'é'), true)).toBeUndefined()
  })

  test('is an ordinary character otherwise', () => {
    expect(rejectionOfRow(line, false)).toBeUndefined()
  })
})

test('an object that was edited on several lines is joined to one', () => {
  expect(onOneLine(' {\r\n"_p":\n\n"a"}\n')).toBe('{ "_p": "a"}')
})
