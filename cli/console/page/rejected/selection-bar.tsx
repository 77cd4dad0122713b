import type { ArchiveRequest, DiscardRequest, RejectedFilter, RejectedPage } from '../../api-types.ts'
import { counted, grouped } from '../format.ts'
import { openFixView } from './actions.tsx'
import { isFixable, MAX_DRAFTS } from './drafts.ts'
import './selection-bar.css'
import { canSelectAll, NOTHING_SELECTED, type Selection } from './selection.ts'

interface SelectionBarProps {
  readonly page: RejectedPage
  readonly filter: RejectedFilter
  readonly selection: Selection
  readonly onSelect: (selection: Selection) => void
  readonly onArchive: (request: ArchiveRequest, count: number) => void
  readonly onDiscard: (request: DiscardRequest, count: number) => void
  readonly onRetry: () => void
}

/** How many lines are selected, and what the user can do with them. */
export function SelectionBar({ page, filter, selection, onSelect, onArchive, onDiscard, onRetry }: SelectionBarProps) {
  const rows = selection.kind === 'all' ? [] : [...selection.rows.values()]
  const fixable = rows.filter(isFixable)
  const count = selection.kind === 'all' ? page.matching : rows.length
  const failedImports = page.reasons.find(({ reason }) => reason === 'import_unfinished')?.count ?? 0
  const showsOnlyFailedImports = filter.reason === 'import_unfinished'
  return (
    <div class="actions selection-bar">
      <span role="status">
        {count === 0 ? counted(page.matching, 'line') : `${grouped(count)} of ${counted(page.matching, 'line')} selected`}
      </span>
      {selection.kind === 'rows' && fixable.length > 0 && (
        <button
          type="button"
          class="main"
          disabled={fixable.length > MAX_DRAFTS}
          title={fixable.length > MAX_DRAFTS ? `You can edit at most ${grouped(MAX_DRAFTS)} lines at a time` : undefined}
          onClick={() => {
            openFixView(fixable)
          }}
        >
          Fix {counted(fixable.length, 'line')}
        </button>
      )}
      {selection.kind === 'rows' && !showsOnlyFailedImports && canSelectAll(page) && (
        <button
          type="button"
          onClick={() => {
            onSelect({ kind: 'all' })
          }}
        >
          Select all {grouped(page.matching)}
        </button>
      )}
      {count > 0 && filter.status === undefined && (
        <button
          type="button"
          onClick={() => {
            onArchive(selection.kind === 'all' ? { filter } : { ids: rows.map(({ id }) => id) }, count)
          }}
        >
          Archive {counted(count, 'line')}
        </button>
      )}
      {count > 0 && !showsOnlyFailedImports && (
        <button
          type="button"
          onClick={() => {
            onDiscard(selection.kind === 'all' ? { filter } : { ids: rows.map(({ id }) => id) }, count)
          }}
        >
          Discard {counted(count, 'line')}
        </button>
      )}
      {count > 0 && (
        <button
          type="button"
          onClick={() => {
            onSelect(NOTHING_SELECTED)
          }}
        >
          Clear selection
        </button>
      )}
      {failedImports > 0 && (filter.reason === undefined || showsOnlyFailedImports) && count === 0 && (
        <button type="button" onClick={onRetry}>
          Retry {counted(failedImports, 'failed import')}
        </button>
      )}
    </div>
  )
}
