import { describe, expect, test } from '@jest/globals'
import type { RejectedRow } from '../../../../../cli/console/api-types.ts'
import { isSelected, NOTHING_SELECTED, withRows, type Selection } from '../../../../../cli/console/page/rejected/selection.ts'

const [A, B, C] = ['a', 'b', 'c'].map((id) => ({ id }) as RejectedRow) as [RejectedRow, RejectedRow, RejectedRow]

const idsOf = (selection: Selection) => [A, B, C].filter((row) => isSelected(selection, row)).map(({ id }) => id)

describe('the selection', () => {
  test('grows and shrinks row by row, over several pages', () => {
    const first = withRows(NOTHING_SELECTED, [A, B], [A, B], true)
    const second = withRows(first, [C], [C], true)
    expect(idsOf(second)).toEqual(['a', 'b', 'c'])
    expect(idsOf(withRows(second, [A, B], [A], false))).toEqual(['b', 'c'])
  })

  test('of all rows shrinks to the rest of this page when one row is deselected', () => {
    expect(idsOf({ kind: 'all' })).toEqual(['a', 'b', 'c'])
    expect(idsOf(withRows({ kind: 'all' }, [A, B], [A], false))).toEqual(['b'])
  })
})
