import { useEffect, useState } from 'preact/hooks'
import type { RejectedFilter, RejectedOrder, RejectedRow } from '../../api-types.ts'
import { messageOf } from '../api-client.ts'
import { pollNow } from '../polling.ts'
import { Notice, Title, When } from '../components.tsx'
import { rejectedHref, type Route } from '../route.ts'
import { announce } from '../announce.ts'
import { suggestFix } from '../labels.ts'
import { openDesk, archiveExpiring, archived, tryAgain } from './actions.tsx'
import { Filters, Views } from './filters.tsx'
import { RejectedTable, NOTHING, type Selection } from './rejected-table.tsx'
import { FixAll } from './fix-all.tsx'
import { NearEnd } from './expiring.tsx'
import { Pager } from './pager.tsx'
import { SelectionBar } from './selection-bar.tsx'
import { Sendings } from './send.tsx'
import { useRejectedLines } from './use-rejected-lines.ts'

const PAGE_ROWS = 100
/** Where the list is a part of another view. */
const PART_ROWS = 25

/** What came back, of all drops. */
export function RejectedView({
  route: { filter, offset, order },
}: {
  readonly route: Extract<Route, { readonly kind: 'rejected' }>
}) {
  return (
    <>
      <Title>What came back</Title>
      <Sendings />
      <RejectedList
        filter={filter}
        offset={offset}
        order={order}
        onMove={(where) => {
          location.hash = rejectedHref(where.filter, where.offset, where.order)
        }}
      />
    </>
  )
}

/** What came back of one drop, as a part of another view. */
export function RejectedPanel({ file }: { readonly file: string }) {
  const [where, setWhere] = useState<Where>({ filter: { file }, offset: 0, order: 'place' })
  return <RejectedList {...where} onMove={setWhere} isOfOneFile />
}

interface Where {
  readonly filter: RejectedFilter
  readonly offset: number
  readonly order: RejectedOrder
}

interface RejectedListProps extends Where {
  readonly onMove: (where: Where) => void
  readonly isOfOneFile?: boolean
}

function RejectedList({ filter, offset, order, onMove, isOfOneFile = false }: RejectedListProps) {
  const limit = isOfOneFile ? PART_ROWS : PAGE_ROWS
  const state = useRejectedLines({ filter, offset, limit, order })
  const { deadLetters, trouble, isAsking, reload, look } = state
  const [selection, setSelection] = useState<Selection>(NOTHING)
  const [failure, setFailure] = useState<string>()
  const asked = JSON.stringify(filter)
  useEffect(() => {
    setSelection(NOTHING)
  }, [asked])
  const act = (action: () => Promise<string | undefined>) => {
    setFailure(undefined)
    action().then(
      (told) => {
        if (told === undefined) return
        announce(told)
        setSelection(NOTHING)
        reload()
        pollNow()
      },
      (error: unknown) => {
        setFailure(messageOf(error))
      },
    )
  }
  const onFilter = (next: RejectedFilter) => {
    onMove({ filter: next, offset: 0, order })
  }
  const problem = failure ?? trouble
  return (
    <>
      {problem !== undefined && (
        <Notice tone="bad" role="alert">
          {problem}
        </Notice>
      )}
      {deadLetters === undefined ? (
        trouble === undefined && <p class="soft">Looking into the queue; with many lines this takes a while…</p>
      ) : (
        <>
          {!isOfOneFile && <Views filter={filter} deadLetters={deadLetters} onFilter={onFilter} />}
          {!isOfOneFile && (
            <NearEnd
              deadLetters={deadLetters}
              onArchive={() => {
                act(archiveExpiring)
              }}
            />
          )}
          {deadLetters.total + deadLetters.archived + deadLetters.quarantined > 0 && (
            <Filters filter={filter} deadLetters={deadLetters} onFilter={onFilter} showsFiles={!isOfOneFile} />
          )}
          {deadLetters.matching === 0 ? (
            <p class="empty">{isOfOneFile ? 'Nothing of this file waits.' : emptyText(filter)}</p>
          ) : (
            <>
              <SelectionBar
                deadLetters={deadLetters}
                filter={filter}
                selection={selection}
                onSelect={setSelection}
                onArchive={(question, count) => {
                  act(() => archived(question, count))
                }}
                onTryAgain={() => {
                  act(() => tryAgain({ ...filter, reason: 'import_unfinished' }))
                }}
              />
              {selection.kind === 'all' && (
                <FixAll
                  filter={filter}
                  matching={deadLetters.matching}
                  suggestion={suggestionFor(deadLetters.rows)}
                  onSent={() => {
                    setSelection(NOTHING)
                    reload()
                  }}
                />
              )}
              <RejectedTable
                rows={deadLetters.rows}
                selection={selection}
                onSelect={setSelection}
                order={order}
                onOrder={(next) => {
                  onMove({ filter, offset: 0, order: next })
                }}
                onFix={(row) => {
                  openDesk([row])
                }}
                onTryAgain={({ key }) => {
                  act(() => tryAgain({ ...filter, file: key, reason: 'import_unfinished' }))
                }}
                isAsking={isAsking}
                showsFile={filter.file === undefined}
              />
              <Pager
                limit={limit}
                offset={offset}
                deadLetters={deadLetters}
                onOffset={(next) => {
                  onMove({ filter, offset: next, order })
                }}
              />
            </>
          )}
          <p class="soft looked">
            Looked through <When iso={deadLetters.lookedAt} />
            {deadLetters.isLooking ? '; looking again…' : '. '}
            {!deadLetters.isWhole && 'The queue shows its first 100,000; the rest follows when these are dealt with. '}
            <button type="button" disabled={deadLetters.isLooking} onClick={look}>
              Look again
            </button>
          </p>
        </>
      )}
    </>
  )
}

function emptyText({ kept, ...filter }: RejectedFilter): string {
  if (Object.keys(filter).length > 0) return 'Nothing matches. Take a filter away to see more.'
  if (kept === 'archived') return 'Nothing was put away.'
  return kept === 'quarantined'
    ? 'Nothing was set aside.'
    : 'Nothing came back. Lines that cannot be sent show here, each with its reason.'
}

function suggestionFor([first]: readonly RejectedRow[]) {
  return first && suggestFix(first.reason, first.detail)
}
