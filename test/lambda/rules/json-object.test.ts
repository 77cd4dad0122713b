import { expect, test } from '@jest/globals'
import { isObject } from '../../../lambda/rules/json-object.ts'

test.each([
  ['{"a":1}', true],
  [' \t{\n}\n', true],
  ['{"a":1', false],
  ['[{}]', false],
  ['"{}"', false],
  ['null', false],
  ['', false],
])('%j: %s', (text, expected) => {
  expect(isObject(text)).toBe(expected)
})
