import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { counted, grouped } from '../../../cli/terminal/numbers.ts'

test('thousands are grouped', () => {
  expect(grouped(0)).toBe('0')
  expect(grouped(50_000)).toBe('50,000')
})

test('like Intl does it, for every whole number', () => {
  const format = new Intl.NumberFormat('en-US')
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => {
      expect(grouped(number)).toBe(format.format(number))
    }),
  )
})

// prettier-ignore
test.each([
  [ 0,      '0 lines' ],
  [ 1,      '1 line' ],
  [ 50_000, '50,000 lines' ],
])('%i line or lines', (count, text) => {
  expect(counted(count, 'line')).toBe(text)
})

test('an irregular plural is given', () => {
  expect([counted(1, 'alias', 'aliases'), counted(2, 'alias', 'aliases')]).toEqual(['1 alias', '2 aliases'])
})
