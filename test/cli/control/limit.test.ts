import { expect, test } from '@jest/globals'
import { readRate } from '../../../cli/control/limit.ts'

// prettier-ignore
test.each([
  //  text         lines a second
  [ '500/s',       500 ],
  [ '500',         500 ],
  [ '1/S',         1 ],
  [ '100000/s',    100_000 ],
  [ 'off',         undefined ],
  [ 'OFF',         undefined ],
])('a limit of %s', (text, rate) => {
  expect(readRate(text)).toBe(rate)
})

test.each(['0', '0/s', '-5', '1.5/s', '100001', '500/m', '500 lines', '', '5e3'])('"%s" is not a limit', (text) => {
  expect(() => readRate(text)).toThrow(
    `The limit is "${text}": expected a whole number of lines a second from 1 to 100,000, for example 500/s, or off.`,
  )
})
