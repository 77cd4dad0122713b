import type { RejectedFilter, RejectedPage } from '../../api-types.ts'
import { grouped } from '../format.ts'

interface StatusTabsProps {
  readonly filter: RejectedFilter
  readonly page: RejectedPage
  readonly onFilter: (filter: RejectedFilter) => void
}

/** Waiting, archived, and quarantined lines. */
export function StatusTabs({ filter, page, onFilter }: StatusTabsProps) {
  const tab = (label: string, count: number, status?: 'archived' | 'quarantined') => (
    <li>
      <button
        type="button"
        class="tab"
        aria-current={filter.status === status ? 'page' : undefined}
        onClick={() => {
          onFilter(status === undefined ? {} : { status })
        }}
      >
        {label} <span class="count">{grouped(count)}</span>
      </button>
    </li>
  )
  return (
    <nav aria-label="Status">
      <ul class="tabs">
        {tab('Waiting', page.total)}
        {tab('Archived', page.archived, 'archived')}
        {tab('Failed 3 times (quarantined)', page.quarantined, 'quarantined')}
      </ul>
      {filter.status === 'archived' && (
        <p class="muted">Lines that a user archived. They do not expire, and you can still fix and send them.</p>
      )}
      {filter.status === 'quarantined' && (
        <p class="muted">
          Lines that were replayed 3 times and rejected each time. They do not expire, and you can still fix and send them.
          Replaying all lines leaves them out.
        </p>
      )}
    </nav>
  )
}
