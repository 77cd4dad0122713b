import { describe, expect, test } from '@jest/globals'
import type { RejectedPage, RejectedRow } from '../../../../../cli/console/api-types.ts'
import {
  canSelectAll,
  isSelected,
  NOTHING_SELECTED,
  withRows,
  type Selection,
} from '../../../../../cli/console/page/rejected/selection.ts'

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

// prettier-ignore
test.each([
  //  when                                              complete  refreshing  in use  offered
  [ 'all lines were read',                              true,     false,      0,      true ],
  [ 'all lines were read, and are being read again',    true,     true,       0,      true ],
  [ 'the first read has not ended',                     false,    true,       0,      false ],
  [ 'another page or command holds a part of them',     false,    false,      47_670, false ],
  [ 'there are more than one read can show',            false,    false,      0,      true ],
])('"Select all" when %s', (_when, isComplete, isRefreshing, inUse, isOffered) => {
  expect(canSelectAll({ isComplete, isRefreshing, inUse } as RejectedPage)).toBe(isOffered)
})
