import { expect, test } from '@jest/globals'
import { periodText, whenText } from '../../../cli/terminal/days.ts'

const NOON = Date.UTC(2014, 1, 25, 12) / 1000
const DAY = 86_400

// prettier-ignore
test.each([
  //  first         last         alone                       in a sentence
  [ NOON,         NOON,        '2014-02-25',               'on 2014-02-25' ],
  [ NOON,         NOON + 3600, '2014-02-25',               'on 2014-02-25' ],
  [ NOON,         NOON + DAY,  '2014-02-25 to 2014-02-26', 'from 2014-02-25 to 2014-02-26' ],
])('lines dated from %d to %d', (first, last, period, when) => {
  expect([periodText(first, last), whenText(first, last)]).toEqual([period, when])
})
