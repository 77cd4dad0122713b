import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { contains, countLines, difference, rangesOf, union, type LineRanges } from '../../../lambda/common/line-ranges.ts'

const lineNumbers = fc.array(fc.integer({ min: 1, max: 60 }))
const linesOf = (ranges: LineRanges): readonly number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
const sorted = (lines: Iterable<number>): readonly number[] => [...new Set(lines)].toSorted((a, b) => a - b)

describe('ranges of line numbers are a set', () => {
  test('lines that follow each other are one range', () => {
    expect(rangesOf([7, 3, 2, 1, 9, 8, 3])).toEqual([[1, 3], [7, 9]]) // prettier-ignore
    expect(rangesOf([])).toEqual([])
  })

  test('every operation gives the same lines as with a plain set', () => {
    fc.assert(
      fc.property(lineNumbers, lineNumbers, (a, b) => {
        const [one, other] = [rangesOf(a), rangesOf(b)]
        expect(linesOf(one)).toEqual(sorted(a))
        expect(countLines(one)).toBe(new Set(a).size)
        expect(union(one, other)).toEqual(rangesOf([...a, ...b]))
        expect(difference(one, other)).toEqual(rangesOf(a.filter((line) => !b.includes(line))))
        const isInOne = contains(one)
        for (let line = 0; line <= 62; line += 1) expect(isInOne(line)).toBe(a.includes(line))
      }),
    )
  })
})
