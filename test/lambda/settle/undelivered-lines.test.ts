import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { rangesOf, type LineRanges } from '../../../lambda/common/line-ranges.ts'
import { isComplete, UndeliveredLines } from '../../../lambda/settle/undelivered-lines.ts'

const RESULTS = fc.array(
  fc.record({ line: fc.integer({ min: 1, max: 50 }), result: fc.constantFrom('rejected', 'undeliverable') }),
)

describe('the lines of a segment that became dead letters', () => {
  test.each([
    ['of a file of fixed lines are all recorded', true, [[2, 3]]],
    ['of another file are recorded if the endpoint has refused them', false, [[3, 3]]],
  ] as const)('%s', (_what, recordsRejected, recorded) => {
    const lines = new UndeliveredLines([], recordsRejected)
    lines.add(2, 'rejected')
    lines.add(3, 'undeliverable')
    expect(lines.ranges()).toEqual(recorded)
  })

  test('are the same over many checkpoints and runs, each of which continues from the last one', () => {
    fc.assert(
      fc.property(fc.array(RESULTS), (runs) => {
        const recorded = runs.reduce<LineRanges>((earlier, results) => {
          const lines = new UndeliveredLines(earlier, false)
          for (const { line, result } of results) {
            lines.add(line, result)
            if (line % 7 === 0) lines.ranges()
          }
          return lines.ranges()
        }, [])
        const refused = runs.flat().filter(({ result }) => result === 'undeliverable')
        expect(recorded).toEqual(rangesOf(refused.map(({ line }) => line)))
      }),
    )
  })

  test('are no longer recorded once a checkpoint has very many ranges, and this can be seen', () => {
    const full = Array.from({ length: 20_000 }, (_, index) => [index * 2 + 1, index * 2 + 1] as const)
    const lines = new UndeliveredLines(full, false)
    lines.add(100_000, 'undeliverable')
    expect(lines.ranges()).toBe(full)
    expect(isComplete(full, 20_000)).toBe(true)
    expect(isComplete(full, 20_001)).toBe(false)
  })
})
