import { useEffect, useState } from 'preact/hooks'
import type { LetterFilter, LetterOrder, LetterRow } from '../../api-types.ts'
import { messageOf } from '../api-client.ts'
import { lookNow } from '../polling.ts'
import { Notice, Title, When } from '../components.tsx'
import { lettersHref, type Route } from '../route.ts'
import { announce } from '../store.ts'
import { suggestFix } from '../labels.ts'
import { openDesk, parkNear, putAway, tryAgain } from './actions.tsx'
import { Filters, Views } from './filters.tsx'
import { LetterTable, NOTHING, type Selection } from './rejected-table.tsx'
import { MendAll } from './fix-all.tsx'
import { NearEnd } from './expiring.tsx'
import { Pager } from './pager.tsx'
import { SelectionBar } from './selection-bar.tsx'
import { Sendings } from './send.tsx'
import { useLetters } from './use-rejected-lines.ts'

const PAGE_ROWS = 100
/** Where the list is a part of another view. */
const PART_ROWS = 25

/** What came back, of all drops. */
export function LettersView({
  route: { filter, offset, order },
}: {
  readonly route: Extract<Route, { readonly kind: 'letters' }>
}) {
  return (
    <>
      <Title>What came back</Title>
      <Sendings />
      <LetterList
        filter={filter}
        offset={offset}
        order={order}
        onMove={(where) => {
          location.hash = lettersHref(where.filter, where.offset, where.order)
        }}
      />
    </>
  )
}

/** What came back of one drop, as a part of another view. */
export function LettersPanel({ file }: { readonly file: string }) {
  const [where, setWhere] = useState<Where>({ filter: { file }, offset: 0, order: 'place' })
  return <LetterList {...where} onMove={setWhere} isOfOneFile />
}

interface Where {
  readonly filter: LetterFilter
  readonly offset: number
  readonly order: LetterOrder
}

interface LetterListProps extends Where {
  readonly onMove: (where: Where) => void
  readonly isOfOneFile?: boolean
}

function LetterList({ filter, offset, order, onMove, isOfOneFile = false }: LetterListProps) {
  const limit = isOfOneFile ? PART_ROWS : PAGE_ROWS
  const state = useLetters({ filter, offset, limit, order })
  const { letters, trouble, isAsking, reload, look } = state
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
        lookNow()
      },
      (error: unknown) => {
        setFailure(messageOf(error))
      },
    )
  }
  const onFilter = (next: LetterFilter) => {
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
      {letters === undefined ? (
        trouble === undefined && <p class="soft">Looking into the queue; with many lines this takes a while…</p>
      ) : (
        <>
          {!isOfOneFile && <Views filter={filter} letters={letters} onFilter={onFilter} />}
          {!isOfOneFile && (
            <NearEnd
              letters={letters}
              onPark={() => {
                act(parkNear)
              }}
            />
          )}
          {letters.total + letters.putAway + letters.setAside > 0 && (
            <Filters filter={filter} letters={letters} onFilter={onFilter} showsFiles={!isOfOneFile} />
          )}
          {letters.matching === 0 ? (
            <p class="empty">{isOfOneFile ? 'Nothing of this file waits.' : emptyText(filter)}</p>
          ) : (
            <>
              <SelectionBar
                letters={letters}
                filter={filter}
                selection={selection}
                onSelect={setSelection}
                onPark={(question, count) => {
                  act(() => putAway(question, count))
                }}
                onTryAgain={() => {
                  act(() => tryAgain({ ...filter, reason: 'import_unfinished' }))
                }}
              />
              {selection.kind === 'all' && (
                <MendAll
                  filter={filter}
                  matching={letters.matching}
                  suggestion={suggestionFor(letters.rows)}
                  onSent={() => {
                    setSelection(NOTHING)
                    reload()
                  }}
                />
              )}
              <LetterTable
                rows={letters.rows}
                selection={selection}
                onSelect={setSelection}
                order={order}
                onOrder={(next) => {
                  onMove({ filter, offset: 0, order: next })
                }}
                onMend={(row) => {
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
                letters={letters}
                onOffset={(next) => {
                  onMove({ filter, offset: next, order })
                }}
              />
            </>
          )}
          <p class="soft looked">
            Looked through <When iso={letters.lookedAt} />
            {letters.isLooking ? '; looking again…' : '. '}
            {!letters.isWhole && 'The queue shows its first 100,000; the rest follows when these are dealt with. '}
            <button type="button" disabled={letters.isLooking} onClick={look}>
              Look again
            </button>
          </p>
        </>
      )}
    </>
  )
}

function emptyText({ kept, ...filter }: LetterFilter): string {
  if (Object.keys(filter).length > 0) return 'Nothing matches. Take a filter away to see more.'
  if (kept === 'put-away') return 'Nothing was put away.'
  return kept === 'set-aside'
    ? 'Nothing was set aside.'
    : 'Nothing came back. Lines that cannot be sent show here, each with its reason.'
}

function suggestionFor([first]: readonly LetterRow[]) {
  return first && suggestFix(first.reason, first.detail)
}
