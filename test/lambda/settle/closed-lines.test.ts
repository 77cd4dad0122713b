import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { LineRanges } from '../../../lambda/common/line-ranges.ts'
import { NewerVersionError } from '../../../lambda/errors.ts'
import {
  CLOSED_LINES_SCHEMA,
  countClosed,
  partOf,
  partsOf,
  readClosedLines,
  withClosed,
  type ClosedLine,
  type ClosedLines,
} from '../../../lambda/settle/closed-lines.ts'

const NONE = readClosedLines(undefined, 'key')
const closed = (line: number, as: ClosedLine['as'], countedAs: ClosedLine['countedAs'] = 'rejected'): ClosedLine => ({
  ...{ line, as, countedAs },
})

const LINES = fc.array(
  fc.record({
    line: fc.integer({ min: 1, max: 30 }),
    as: fc.constantFrom('fixed', 'discarded'),
    countedAs: fc.constantFrom('rejected', 'undeliverable'),
  }),
)

describe('lines can be closed in any order and any number of times, by many writers', () => {
  test('so that all of them end with the same document', () => {
    fc.assert(
      fc.property(LINES, LINES, (some, others) => {
        const one = withClosed(withClosed(NONE, some), others)
        expect(withClosed(withClosed(NONE, others), some)).toEqual(one)
        expect(withClosed(one, [...others, ...some])).toEqual(one)
      }),
    )
  })

  test('and each line counts once: as fixed if it was delivered after all', () => {
    fc.assert(
      fc.property(LINES, (lines) => {
        const fixed = new Set(lines.filter(({ as }) => as === 'fixed').map(({ line }) => line))
        const all = new Set(lines.map(({ line }) => line))
        expect(countClosed(withClosed(NONE, lines), undefined)).toEqual({ fixed: fixed.size, closed: all.size })
      }),
    )
  })
})

describe('a dead letter that a killed run has left, of a line that the next run delivered,', () => {
  const fixed = withClosed(NONE, [closed(4, 'fixed', 'undeliverable'), closed(5, 'fixed', 'undeliverable'), closed(9, 'fixed')])
  const discarded = withClosed(NONE, [closed(4, 'discarded', 'undeliverable'), closed(9, 'discarded')])

  // prettier-ignore
  test.each<[string, ClosedLines, LineRanges | undefined, number, number]>([
    //                                                                   closed     undelivered  fixed  closed
    [ 'is not counted',                                                  fixed,     [[5, 6]],    2,     2 ],
    [ 'is not counted if it is discarded',                               discarded, [],          0,     1 ],
    [ 'is counted if it is not known which lines were not delivered',    fixed,     undefined,   3,     3 ],
  ])('%s', (_what, lines, undelivered, fixedLines, closedLines) => {
    expect(countClosed(lines, undelivered)).toEqual({ fixed: fixedLines, closed: closedLines })
  })
})

describe('the lines of a file are divided among sixteen documents', () => {
  test('in blocks of a thousand, because lines that follow each other are usually closed together', () => {
    expect([1, 1_000, 1_001, 16_000, 16_001].map(partOf)).toEqual([0, 0, 1, 15, 0])
  })

  test('and each line is in a document that a file with so many lines can have', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), (lines, position) => {
        expect(partsOf(lines)).toContain(partOf((position % lines) + 1))
      }),
    )
    expect(partsOf(0)).toEqual([])
    expect(partsOf(1_000_000)).toHaveLength(16)
  })
})

// prettier-ignore
test.each([
  [ 'is absent',                            undefined ],
  [ 'has a range that is not one',          { ...NONE, fixed: [[1]] } ],
  [ 'has line 0',                           { ...NONE, fixed: [[0, 1]] } ],
  [ 'is of another kind',                   { ...NONE, schema: 'kissmetrics-importer/report/v1' } ],
])('a document that %s has no lines', (_what, value) => {
  expect(readClosedLines(value, 'key')).toEqual({ schema: CLOSED_LINES_SCHEMA, fixed: [], discarded: [], undeliverable: [] })
})

test('unknown fields are kept, and a document of a newer version is not touched', () => {
  expect(withClosed(readClosedLines({ ...NONE, added: 'later' }, 'key'), [closed(1, 'fixed')])).toMatchObject({ added: 'later' })
  expect(() => readClosedLines({ schema: CLOSED_LINES_SCHEMA.replace('v1', 'v2') }, 'reports/a/closed/00.json')).toThrow(
    new NewerVersionError('reports/a/closed/00.json'),
  )
})
