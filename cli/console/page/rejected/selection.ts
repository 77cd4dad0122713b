import type { RejectedPage, RejectedRow } from '../../api-types.ts'

/** Some rows, on any page of the list; or all that match the filter. */
export type Selection = { readonly kind: 'rows'; readonly rows: ReadonlyMap<string, RejectedRow> } | { readonly kind: 'all' }

export const NOTHING_SELECTED: Selection = { kind: 'rows', rows: new Map() }

/** Whether "all" means all: not while the queue is read for the first time, and not while others hold a part of it. */
export function canSelectAll({ isComplete, isRefreshing, inUse }: RejectedPage): boolean {
  return isComplete || (!isRefreshing && inUse === 0)
}

export function isSelected(selection: Selection, { id }: RejectedRow): boolean {
  return selection.kind === 'all' || selection.rows.has(id)
}

/**
 * Selects or deselects rows.
 *
 * @param shown the rows of the current page: deselecting one of "all" leaves the others of this page selected
 */
export function withRows(
  selection: Selection,
  shown: readonly RejectedRow[],
  rows: readonly RejectedRow[],
  isOn: boolean,
): Selection {
  const next = new Map(selection.kind === 'all' ? shown.map((row) => [row.id, row]) : selection.rows)
  for (const row of rows) {
    if (isOn) next.set(row.id, row)
    else next.delete(row.id)
  }
  return { kind: 'rows', rows: next }
}
