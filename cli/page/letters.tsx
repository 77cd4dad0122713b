import { useEffect, useState } from 'preact/hooks'
import type { LetterFilter, LetterOrder, LetterRow, Letters } from '../console/wire.ts'
import { Filters, Views } from './filters.tsx'
import { isMendable, lay, MOST_ON_DESK } from './desk.ts'
import { confirm } from './dialog.tsx'
import { messageOf, park, sendBack } from './ask.ts'
import { LetterTable, NOTHING, type Selection } from './letter-table.tsx'
import { lookNow } from './live.ts'
import { MendAll } from './mend-all.tsx'
import { Notice, Time, Title, When } from './pieces.tsx'
import { hrefOf, lettersHref, type Route } from './route.ts'
import { Sendings } from './send.tsx'
import { counted, dropName, grouped } from './show.ts'
import { announce } from './store.ts'
import { useLetters } from './use-letters.ts'
import { suggestFix } from './words.ts'

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
export function LettersPanel({ drop }: { readonly drop: string }) {
  const [where, setWhere] = useState<Where>({ filter: { drop }, offset: 0, order: 'place' })
  return <LetterList {...where} onMove={setWhere} isOfOneDrop />
}

interface Where {
  readonly filter: LetterFilter
  readonly offset: number
  readonly order: LetterOrder
}

interface LetterListProps extends Where {
  readonly onMove: (where: Where) => void
  readonly isOfOneDrop?: boolean
}

function LetterList({ filter, offset, order, onMove, isOfOneDrop = false }: LetterListProps) {
  const limit = isOfOneDrop ? PART_ROWS : PAGE_ROWS
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
          {!isOfOneDrop && <Views filter={filter} letters={letters} onFilter={onFilter} />}
          {!isOfOneDrop && (
            <NearEnd
              letters={letters}
              onPark={() => {
                act(parkNear)
              }}
            />
          )}
          {letters.total + letters.putAway + letters.setAside > 0 && (
            <Filters filter={filter} letters={letters} onFilter={onFilter} showsDrops={!isOfOneDrop} />
          )}
          {letters.matching === 0 ? (
            <p class="empty">{isOfOneDrop ? 'Nothing of this file waits.' : emptyText(filter)}</p>
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
                  act(() => tryAgain({ ...filter, drop: key, reason: 'import_unfinished' }))
                }}
                isAsking={isAsking}
                showsFile={filter.drop === undefined}
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

function openDesk(rows: readonly LetterRow[]): void {
  lay(rows)
  location.hash = hrefOf({ kind: 'mend' })
}

function suggestionFor([first]: readonly LetterRow[]) {
  return first && suggestFix(first.reason, first.detail)
}

/** Where a person who looks at something else would lose lines. */
function NearEnd({
  letters: { nearTheirEnd, firstForgottenAt },
  onPark,
}: {
  readonly letters: Letters
  readonly onPark: () => void
}) {
  if (nearTheirEnd === 0) return null
  return (
    <Notice tone="warn">
      <p>
        The queue forgets {counted(nearTheirEnd, 'line')} within four days
        {firstForgottenAt !== undefined && (
          <>
            , the first on <Time iso={firstForgottenAt} />
          </>
        )}
        . Kept in the bucket {nearTheirEnd === 1 ? 'it stays' : 'they stay'} as long as you like, and can be mended all the same.
      </p>
      <button type="button" onClick={onPark}>
        Keep {counted(nearTheirEnd, 'line')}
      </button>
    </Notice>
  )
}

interface SelectionBarProps {
  readonly letters: Letters
  readonly filter: LetterFilter
  readonly selection: Selection
  readonly onSelect: (selection: Selection) => void
  readonly onPark: (question: Parameters<typeof park>[0], count: number) => void
  readonly onTryAgain: () => void
}

function SelectionBar({ letters, filter, selection, onSelect, onPark, onTryAgain }: SelectionBarProps) {
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

function Pager({
  limit,
  offset,
  letters,
  onOffset,
}: {
  readonly limit: number
  readonly offset: number
  readonly letters: Letters
  readonly onOffset: (offset: number) => void
}) {
  const { matching, rows } = letters
  if (matching <= limit && offset === 0) return null
  return (
    <nav class="actions pager" aria-label="Pages">
      <button
        type="button"
        disabled={offset === 0}
        onClick={() => {
          onOffset(Math.max(0, offset - limit))
        }}
      >
        Previous
      </button>
      <span>
        {grouped(offset + 1)} to {grouped(offset + rows.length)} of {grouped(matching)}
      </span>
      <button
        type="button"
        disabled={offset + rows.length >= matching}
        onClick={() => {
          onOffset(offset + limit)
        }}
      >
        Next
      </button>
    </nav>
  )
}

async function parkNear(): Promise<string | undefined> {
  const { parked } = await park({ nearTheirEnd: true })
  return `${counted(parked, 'line is', 'lines are')} kept in the bucket now.`
}

async function putAway(question: Parameters<typeof park>[0], count: number): Promise<string | undefined> {
  const isYes = await confirm({
    title: `Put away ${counted(count, 'line')}?`,
    text: (
      <p>
        They are no longer among what waits. Nothing is thrown away: “Put away” has them, and from there they can still be mended
        and sent.
      </p>
    ),
    action: `Put away ${counted(count, 'line')}`,
  })
  if (!isYes) return undefined
  const { parked } = await park(question)
  return `${counted(parked, 'line was', 'lines were')} put away.`
}

async function tryAgain(filter: LetterFilter): Promise<string | undefined> {
  const isYes = await confirm({
    title: filter.drop === undefined ? 'Try the failed imports again?' : `Try ${dropName(filter.drop)} again?`,
    text: <p>They go on where they stood. Do this when what made them fail is put right.</p>,
    action: 'Try again',
  })
  if (!isYes) return undefined
  const { works } = await sendBack(filter)
  return `${counted(works, 'import')} sent back, to be tried again.`
}
