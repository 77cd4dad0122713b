import type { LetterFilter, Letters } from '../../api-types.ts'
import { counted, grouped } from '../format.ts'
import { openDesk, type Parking } from './actions.tsx'
import { isMendable, MOST_ON_DESK } from './drafts.ts'
import { NOTHING, type Selection } from './rejected-table.tsx'

interface SelectionBarProps {
  readonly letters: Letters
  readonly filter: LetterFilter
  readonly selection: Selection
  readonly onSelect: (selection: Selection) => void
  readonly onPark: (question: Parking, count: number) => void
  readonly onTryAgain: () => void
}

/** What can be done with the lines that are selected. */
export function SelectionBar({ letters, filter, selection, onSelect, onPark, onTryAgain }: SelectionBarProps) {
  const rows = selection.kind === 'all' ? [] : [...selection.rows.values()]
  const mendable = rows.filter(isMendable)
  const count = selection.kind === 'all' ? letters.matching : rows.length
  const works = letters.reasons.find(({ reason }) => reason === 'import_unfinished')?.count ?? 0
  const isOnlyWork = filter.reason === 'import_unfinished'
  return (
    <div class="actions selection">
      <span role="status">
        {count === 0 ? counted(letters.matching, 'line') : `${grouped(count)} of ${counted(letters.matching, 'line')} selected`}
      </span>
      {selection.kind === 'rows' && mendable.length > 0 && (
        <button
          type="button"
          class="main"
          disabled={mendable.length > MOST_ON_DESK}
          title={mendable.length > MOST_ON_DESK ? `At most ${grouped(MOST_ON_DESK)} are mended by hand` : undefined}
          onClick={() => {
            openDesk(mendable)
          }}
        >
          Mend {counted(mendable.length, 'line')}
        </button>
      )}
      {selection.kind === 'rows' && !isOnlyWork && (
        <button
          type="button"
          onClick={() => {
            onSelect({ kind: 'all' })
          }}
        >
          Select all {grouped(letters.matching)} that match
        </button>
      )}
      {count > 0 && filter.kept === undefined && (
        <button
          type="button"
          onClick={() => {
            onPark(selection.kind === 'all' ? { filter } : { ids: rows.map(({ id }) => id) }, count)
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
