import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { reject } from '../../../lambda/reasons.ts'
import { Counter, emptyCounts, settledLines, sumCounts, type Counts } from '../../../lambda/settle/counts.ts'

const person = 'a'

/** How one line ended. */
type Line =
  | { readonly kind: 'blank' | 'rejected' | 'undeliverable' }
  | { readonly kind: 'delivered'; readonly time: number; readonly isWarned: boolean }

const anyLine: fc.Arbitrary<Line> = fc.oneof(
  fc.constantFrom<Line>({ kind: 'blank' }, { kind: 'rejected' }, { kind: 'undeliverable' }),
  fc.record({ kind: fc.constant('delivered' as const), time: fc.nat(), isWarned: fc.boolean() }),
)

function countAll(lines: readonly (readonly [number, Line])[]): Counts {
  const counter = new Counter()
  for (const [number, line] of lines) {
    if (line.kind === 'blank') counter.blank()
    else if (line.kind === 'delivered') {
      const commands = [{ kind: 'record' as const, person, event: 'e', time: line.time, properties: [] }]
      counter.delivered({ commands, warnings: line.isWarned ? ['empty_property'] : [] })
    } else counter.deadLettered(number, line.kind, reject(line.kind === 'rejected' ? 'missing_identity' : 'endpoint_refused'))
  }
  return counter.counts()
}

test('lines, commands, warnings and times are counted', () => {
  const counter = new Counter()
  counter.delivered({
    commands: [
      { kind: 'record', person, event: 'e', time: 20, properties: [] },
      { kind: 'alias', person, other: 'b', time: 20 },
    ],
    warnings: ['empty_property'],
  })
  counter.delivered({ commands: [{ kind: 'set', person, time: 10, properties: [] }], warnings: [] })
  counter.deadLettered(3, 'rejected', reject('missing_identity'))
  counter.deadLettered(4, 'undeliverable', reject('endpoint_refused'))
  counter.blank()
  const counts = counter.counts()
  expect(counts).toMatchObject({
    lines: { delivered: 2, rejected: 1, undeliverable: 1, blank: 1 },
    commands: { record: 1, set: 1, alias: 1 },
    rejectedBy: { missing_identity: { count: 1, examples: [{ line: 3 }] }, endpoint_refused: { count: 1 } },
    warnings: { empty_property: 1 },
    time: { first: 10, last: 20 },
  })
  expect(settledLines(counts)).toBe(5)
})

test('there are no times if no line was delivered', () => {
  expect(emptyCounts()).not.toHaveProperty('time')
  expect(countAll([[1, { kind: 'rejected' }]])).not.toHaveProperty('time')
})

test('counts survive JSON, as checkpoints need', () => {
  fc.assert(
    fc.property(fc.array(anyLine), (lines) => {
      const counts = countAll(lines.map((line, index) => [index + 1, line]))
      expect(JSON.parse(JSON.stringify(counts))).toEqual(counts)
    }),
  )
})

describe('the counts of several segments', () => {
  test('add up to those of the whole file, however it is split and in whatever order the segments end', () => {
    const segments = fc.array(fc.array(anyLine, { maxLength: 40 }), { maxLength: 5 })
    fc.assert(
      fc.property(segments, fc.boolean(), (parts, isReversed) => {
        let number = 0
        const numbered = parts.map((part) => part.map((line) => [(number += 1), line] as const))
        const counts = numbered.map(countAll)
        expect(sumCounts(isReversed ? counts.toReversed() : counts)).toEqual(countAll(numbered.flat()))
      }),
    )
  })
})

test('twenty examples of each reason are kept: those with the lowest line numbers, in order', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 60 }, (_, index) => index + 1),
        { minLength: 60 },
      ),
      (order) => {
        const { rejectedBy } = countAll(order.map((line) => [line, { kind: 'rejected' }]))
        const { count, examples = [] } = rejectedBy.missing_identity ?? {}
        expect(count).toBe(60)
        expect(examples.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
      },
    ),
  )
})
