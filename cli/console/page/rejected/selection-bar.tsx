import type { RejectedFilter, DeadLetterPage } from '../../api-types.ts'
import { counted, grouped } from '../format.ts'
import { openDesk, type ArchiveResult } from './actions.tsx'
import { isFixable, MAX_DRAFTS } from './drafts.ts'
import { NOTHING, type Selection } from './rejected-table.tsx'

interface SelectionBarProps {
  readonly deadLetters: DeadLetterPage
  readonly filter: RejectedFilter
  readonly selection: Selection
  readonly onSelect: (selection: Selection) => void
  readonly onArchive: (question: ArchiveResult, count: number) => void
  readonly onTryAgain: () => void
}

/** What can be done with the lines that are selected. */
export function SelectionBar({ deadLetters, filter, selection, onSelect, onArchive, onTryAgain }: SelectionBarProps) {
  const rows = selection.kind === 'all' ? [] : [...selection.rows.values()]
  const fixable = rows.filter(isFixable)
  const count = selection.kind === 'all' ? deadLetters.matching : rows.length
  const works = deadLetters.reasons.find(({ reason }) => reason === 'import_unfinished')?.count ?? 0
  const isOnlyWork = filter.reason === 'import_unfinished'
  return (
    <div class="actions selection">
      <span role="status">
        {count === 0
          ? counted(deadLetters.matching, 'line')
          : `${grouped(count)} of ${counted(deadLetters.matching, 'line')} selected`}
      </span>
      {selection.kind === 'rows' && fixable.length > 0 && (
        <button
          type="button"
          class="main"
          disabled={fixable.length > MAX_DRAFTS}
          title={fixable.length > MAX_DRAFTS ? `At most ${grouped(MAX_DRAFTS)} are mended by hand` : undefined}
          onClick={() => {
            openDesk(fixable)
          }}
        >
          Mend {counted(fixable.length, 'line')}
        </button>
      )}
      {selection.kind === 'rows' && !isOnlyWork && (
        <button
          type="button"
          onClick={() => {
            onSelect({ kind: 'all' })
          }}
        >
          Select all {grouped(deadLetters.matching)} that match
        </button>
      )}
      {count > 0 && filter.kept === undefined && (
        <button
          type="button"
          onClick={() => {
            onArchive(selection.kind === 'all' ? { filter } : { ids: rows.map(({ id }) => id) }, count)
          }}
        >
          Put away {grouped(count)}
        </button>
      )}
      {count > 0 && (
        <button
          type="button"
          onClick={() => {
            onSelect(NOTHING)
          }}
        >
          Clear selection
        </button>
      )}
      {works > 0 && (filter.reason === undefined || isOnlyWork) && count === 0 && (
        <button type="button" onClick={onTryAgain}>
          Try {counted(works, 'failed import')} again
        </button>
      )}
    </div>
  )
}
