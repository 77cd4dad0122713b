import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { TimeSummary } from '../../../../cli/preview/summary.ts'
import { Times } from '../../../../cli/preview/survey/times.ts'

const seconds = (iso: string): number => Date.parse(`${iso}Z`) / 1000

function histogramOf(times: readonly number[]): TimeSummary | undefined {
  const all = new Times()
  for (const time of times) all.add({ first: time, last: time, hours: new Map([[Math.floor(time / 3_600), 1]]) })
  return all.summary()
}

describe('the histogram has the shortest unit that keeps it small', () => {
  // prettier-ignore
  test.each([
    //  from                    to                      unit        begins              rows
    [ '2014-02-25T16:10:04',  '2014-02-25T16:10:04',  'hour',     '2014-02-25T16:00',   1 ],
    [ '2014-02-25T00:00:00',  '2014-02-25T13:59:59',  'hour',     '2014-02-25T00:00',  14 ],
    [ '2014-02-25T00:00:00',  '2014-02-25T14:00:00',  'day',      '2014-02-25T00:00',   1 ],
    [ '2014-02-25T12:00:00',  '2014-03-10T23:59:59',  'day',      '2014-02-25T00:00',  14 ],
    [ '2014-02-25T12:00:00',  '2014-03-11T00:00:00',  'week',     '2014-02-24T00:00',   3 ],
    [ '2014-02-25T00:00:00',  '2014-08-17T20:58:03',  'month',    '2014-02-01T00:00',   7 ],
    [ '2013-12-31T23:59:59',  '2016-01-01T00:00:00',  'quarter',  '2013-10-01T00:00',  10 ],
    [ '2009-01-01T00:00:00',  '2026-01-01T00:00:00',  'year',     '2009-01-01T00:00',  18 ],
  ])('%s to %s: %s', (first, last, unit, begins, rows) => {
    const summary = histogramOf([seconds(first), seconds(last)])
    expect(summary).toMatchObject({ first: seconds(first), last: seconds(last), unit })
    expect(summary?.histogram).toHaveLength(rows)
    expect(summary?.histogram[0]?.start).toBe(seconds(begins))
  })
})

test('the histogram has every line once, in consecutive rows, and neither end is empty', () => {
  const time = fc.integer({ min: 1_230_768_000, max: 2_000_000_000 })
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 50 }), (times) => {
      const { histogram, first, last } = histogramOf(times)!
      expect([first, last]).toEqual([Math.min(...times), Math.max(...times)])
      for (const [index, { start, lines }] of histogram.entries()) {
        const end = histogram[index + 1]?.start ?? Infinity
        expect(lines).toBe(times.filter((time) => time >= start && time < end).length)
      }
      expect(histogram[0]?.lines).toBeGreaterThan(0)
      expect(histogram.at(-1)?.lines).toBeGreaterThan(0)
    }),
  )
})

test('there is no histogram without lines', () => {
  expect(histogramOf([])).toBeUndefined()
})
