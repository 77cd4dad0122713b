import { useEffect, useState } from 'preact/hooks'
import type { RejectedFilter, RejectedOrder, RejectedPage } from '../../api-types.ts'
import { announce } from '../announce.ts'
import { messageOf } from '../api-client.ts'
import { Notice } from '../components/notice.tsx'
import { RelativeTime } from '../components/time.tsx'
import { grouped } from '../format.ts'
import { overview } from '../overview.ts'
import { pollNow } from '../polling.ts'
import { archiveLines, discardLines, keepExpiring, openFixView, retryImports } from './actions.tsx'
import { DownloadLinks } from './download-links.tsx'
import { ExpiringNotice } from './expiring-notice.tsx'
import { Filters } from './filters.tsx'
import { FixAll } from './fix-all.tsx'
import { InUseNotice } from './in-use-notice.tsx'
import { Pager } from './pager.tsx'
import './rejected-list.css'
import { RejectedTable } from './rejected-table.tsx'
import { SelectionBar } from './selection-bar.tsx'
import { NOTHING_SELECTED, type Selection } from './selection.ts'
import { StatusTabs } from './status-tabs.tsx'
import { suggestFix } from '../../suggestions/suggest-fix.ts'
import { useRejectedLines } from './use-rejected-lines.ts'

/** What the list shows. */
export interface ListState {
  readonly filter: RejectedFilter
  readonly offset: number
  readonly order: RejectedOrder
}

interface RejectedListProps {
  readonly state: ListState
  /** Rows per page. */
  readonly limit: number
  readonly onChange: (state: ListState) => void
  readonly isOfOneFile?: boolean
}

/** Rejected lines with filters, selection and actions. */
export function RejectedList({ state, limit, onChange, isOfOneFile = false }: RejectedListProps) {
  const { filter, order } = state
  const { page, error, isLoading, reload, refresh } = useRejectedLines({ ...state, limit })
  const [selection, setSelection] = useState<Selection>(NOTHING_SELECTED)
  const [actionError, setActionError] = useState<string>()
  const filterJson = JSON.stringify(filter)
  useEffect(() => {
    setSelection(NOTHING_SELECTED)
  }, [filterJson])
  const onDone = () => {
    setSelection(NOTHING_SELECTED)
    reload()
  }
  const run = (action: () => Promise<string | undefined>) => {
    setActionError(undefined)
    action().then(
      (result) => {
        if (result === undefined) return
        announce(result)
        onDone()
        pollNow()
      },
      (failure: unknown) => {
        setActionError(messageOf(failure))
      },
    )
  }
  const onFilter = (next: RejectedFilter) => {
    onChange({ filter: next, offset: 0, order })
  }
  return (
    <>
      <ErrorNotice message={actionError ?? error} />
      {page === undefined ? (
        error === undefined && <p class="muted">Reading the queue. With many lines this takes a while…</p>
      ) : (
        <>
          {!isOfOneFile && <StatusTabs filter={filter} page={page} onFilter={onFilter} />}
          {!isOfOneFile && (
            <ExpiringNotice
              page={page}
              onKeep={() => {
                run(keepExpiring)
              }}
            />
          )}
          <ReadProgress page={page} />
          <InUseNotice inUse={page.inUse} />
          {page.total + page.archived + page.quarantined > 0 && (
            <Filters filter={filter} page={page} onFilter={onFilter} hasFileFilter={!isOfOneFile} />
          )}
          {page.matching === 0 ? (
            <p class="empty">
              {page.isRefreshing && !page.isComplete
                ? 'None of the lines that were read so far.'
                : isOfOneFile
                  ? 'No rejected lines of this file are waiting.'
                  : emptyText(filter, page)}
            </p>
          ) : (
            <>
              <SelectionBar
                page={page}
                filter={filter}
                selection={selection}
                onSelect={setSelection}
                onArchive={(request, count) => {
                  run(() => archiveLines(request, count))
                }}
                onDiscard={(request, count) => {
                  run(() => discardLines(request, count))
                }}
                onRetry={() => {
                  run(() => retryImports({ ...filter, reason: 'import_unfinished' }))
                }}
              />
              {selection.kind === 'all' && (
                <FixAll filter={filter} matching={page.matching} suggestion={suggestionFor(page)} onSent={onDone} />
              )}
              <RejectedTable
                rows={page.rows}
                selection={selection}
                onSelect={setSelection}
                order={order}
                onOrder={(next) => {
                  onChange({ filter, offset: 0, order: next })
                }}
                onFix={(row) => {
                  openFixView([row])
                }}
                onRetry={({ key }) => {
                  run(() => retryImports({ ...filter, file: key, reason: 'import_unfinished' }))
                }}
                isLoading={isLoading}
                hasFileNames={filter.file === undefined}
              />
              <Pager
                limit={limit}
                offset={state.offset}
                page={page}
                onOffset={(offset) => {
                  onChange({ ...state, offset })
                }}
              />
            </>
          )}
          {page.matching > 0 && <DownloadLinks filter={filter} />}
          <QueueReadAt page={page} onRefresh={refresh} />
        </>
      )}
    </>
  )
}

function ErrorNotice({ message }: { readonly message: string | undefined }) {
  if (message === undefined) return null
  return (
    <Notice tone="error" role="alert">
      {message}
    </Notice>
  )
}

/** While the queue is read for the first time, all counts on the page are too small. */
function ReadProgress({ page: { total, isComplete, isRefreshing, inUse } }: { readonly page: RejectedPage }) {
  const expected = overview.value?.waiting.deadLetters ?? 0
  if (isComplete || !isRefreshing || inUse > 0) return null
  return (
    <div role="status">
      <progress
        aria-label="Reading the rejected lines"
        {...(expected > 0 && { max: expected, value: Math.min(total, expected) })}
      />
      <p>
        Reading: {grouped(total)} of about {grouped(Math.max(total, expected))}. The counts grow until all are read.
      </p>
    </div>
  )
}

/** How old the list is. */
function QueueReadAt({
  page: { readAt, isRefreshing, isComplete, inUse },
  onRefresh,
}: {
  readonly page: RejectedPage
  readonly onRefresh: () => void
}) {
  return (
    <p class="muted queue-read-at">
      Updated <RelativeTime iso={readAt} />
      {isRefreshing ? '; updating…' : '. '}
      {!isComplete &&
        !isRefreshing &&
        inUse === 0 &&
        'SQS shows only the first 100,000 lines; the others follow when these are sent or archived. '}
      <button type="button" disabled={isRefreshing} onClick={onRefresh}>
        Refresh
      </button>
    </p>
  )
}

function emptyText({ status, ...filter }: RejectedFilter, { total, archived, quarantined }: RejectedPage): string {
  const showsFilters = total + archived + quarantined > 0
  if (showsFilters && Object.keys(filter).length > 0) return 'No matches. Clear a filter.'
  if (status === 'archived') return 'No archived lines.'
  return status === 'quarantined'
    ? 'No line failed 3 times.'
    : 'No rejected lines. A line that cannot be sent appears here with its reason.'
}

function suggestionFor({ rows: [first] }: RejectedPage) {
  return first && suggestFix(first.reason, first.detail)
}
