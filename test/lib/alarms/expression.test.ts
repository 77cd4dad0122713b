import { expect, test } from '@jest/globals'
import { compute } from './expression.ts'

// prettier-ignore
test.each([
  [ '1 + 2 * 3',                        7 ],
  [ '(1 + 2) * 3 - 4 / 2',              7 ],
  [ 'good + 1',                         3 ],
  [ 'good > 1',                         1 ],
  [ 'good >= 3',                        0 ],
  [ 'IF(good > 1, 10, 20)',             10 ],
  [ 'IF(zero > 0, 100 / zero, 5)',      5 ],
  [ 'IF(good, 1.5, 2)',                 1.5 ],
  [ 'good / zero',                      undefined ],
  [ 'good + absent',                    undefined ],
  [ 'IF(absent > 0, 1, 2)',             undefined ],
])('%s', (text, value) => {
  const metrics: Readonly<Record<string, number>> = { good: 2, zero: 0 }
  expect(compute(text, (name) => metrics[name])).toBe(value)
})

test.each(['FILL(good, 0)', 'ANOMALY_DETECTION_BAND(good)', '1 +', '(1', 'good ? 1', '1 2'])('%s is not supported', (text) => {
  expect(() => compute(text, () => 1)).toThrow()
})
