import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { contains, rangesOf } from '../../../lambda/common/line-ranges.ts'
import type { GroupExample } from '../../../lambda/settle/dead-letter.ts'
import { LineGrouping, mergeGroups, type LineGroups } from '../../../lambda/settle/line-groups.ts'

const REASON = 'missing_timestamp'

const exampleOf = (number: number): GroupExample => ({ number, byteStart: 0, byteEnd: 9, detail: 'd', line: `line ${number}` })

/** The group of these lines, collected by several runs: each continues from the checkpoint of the one before. */
function collected(runs: readonly (readonly number[])[]): LineGroups {
  return runs.reduce<LineGroups>((earlier, lines) => {
    const grouping = new LineGrouping(earlier)
    for (const line of lines) grouping.add(REASON, line, () => exampleOf(line))
    return grouping.groups()
  }, {})
}

const LINES = fc
  .uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 120 })
  .map((lines) => lines.toSorted((a, b) => a - b))

test('over several runs, a group has exactly its lines, as ranges, and the first ten as examples', () => {
  fc.assert(
    fc.property(LINES, fc.nat(120), fc.nat(120), (lines, first, second) => {
      const [from, to] = [Math.min(first, second), Math.max(first, second)]
      const group = collected([lines.slice(0, from), lines.slice(from, to), lines.slice(to)])[REASON]
      expect(group).toEqual({ lines: lines.length, ranges: rangesOf(lines), examples: lines.slice(0, 10).map(exampleOf) })
    }),
  )
})

test('segments that ended in any order make one group, as one run would', () => {
  fc.assert(
    fc.property(LINES, fc.integer({ min: 1, max: 400 }), (lines, boundary) => {
      const parts = [lines.filter((line) => line >= boundary), lines.filter((line) => line < boundary)]
      const merged = mergeGroups(parts.map((part) => collected([part])))[REASON]
      expect(merged).toMatchObject({ lines: lines.length, ranges: rangesOf(lines) })
      expect(merged?.examples.map(({ number }) => number)).toEqual(
        parts.flatMap((part) => part.slice(0, 10)).toSorted((a, b) => a - b), // prettier-ignore
      )
    }),
  )
})

test.each([
  ['one segment', 2_000, (lines: readonly number[]) => collected([lines])],
  ['one segment, over many runs', 2_000, (lines: readonly number[]) => collected(Array.from({ length: 30 }, (_, run) => lines.slice(run * 1_000, (run + 1) * 1_000)))], // prettier-ignore
  ['many segments', 5_000, (lines: readonly number[]) => mergeGroups(Array.from({ length: 30 }, (_, part) => collected([lines.slice(part * 1_000, (part + 1) * 1_000)])))], // prettier-ignore
] as const)('too many ranges of %s become fewer, which say so and leave out none of the lines', (_what, max, groupsOf) => {
  // Clusters of lines, one in three, with wide gaps in between: these stay.
  const lines = Array.from({ length: 30_000 }, (_, n) => n * 3 + 1 + Math.floor(n / 500) * 10_000)
  const group = groupsOf(lines)[REASON]
  expect(group).toMatchObject({ lines: 30_000, isCoarse: true })
  expect(group?.ranges.length).toBeLessThanOrEqual(max)
  const isIn = contains(group?.ranges ?? [])
  expect(lines.filter((line) => !isIn(line))).toEqual([])
  expect(isIn(500 * 3 + 5_000)).toBe(false)
})
