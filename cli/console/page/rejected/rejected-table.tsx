import { useEffect, useRef } from 'preact/hooks'
import type { RejectedOrder, RejectedRow } from '../../api-types.ts'
import { Foreign, Prose, Time, When } from '../components.tsx'
import { fileName, grouped } from '../format.ts'
import { meansOf, fixTextOf } from '../labels.ts'
import { isFixable } from './drafts.ts'

/** What is chosen: some letters, whatever page they are on, or everything that the filter leaves. */
export type Selection = { readonly kind: 'rows'; readonly rows: ReadonlyMap<string, RejectedRow> } | { readonly kind: 'all' }

export const NOTHING: Selection = { kind: 'rows', rows: new Map() }

interface RejectedTableProps {
  readonly rows: readonly RejectedRow[]
  readonly selection: Selection
  readonly onSelect: (selection: Selection) => void
  readonly order: RejectedOrder
  readonly onOrder: (order: RejectedOrder) => void
  readonly onFix: (row: RejectedRow) => void
  readonly onTryAgain: (row: RejectedRow) => void
  readonly isAsking: boolean
  readonly showsFile: boolean
}

/** One page of what came back. */
export function RejectedTable(props: RejectedTableProps) {
  const { rows, selection, onSelect, order, onOrder, isAsking, showsFile } = props
  const isChosen = ({ id }: RejectedRow) => selection.kind === 'all' || selection.rows.has(id)
  const chosen = rows.filter(isChosen).length
  const choose = (some: readonly RejectedRow[], isOn: boolean) => {
    const next = new Map(selection.kind === 'all' ? rows.map((row) => [row.id, row]) : selection.rows)
    for (const row of some) {
      if (isOn) next.set(row.id, row)
      else next.delete(row.id)
    }
    onSelect({ kind: 'rows', rows: next })
  }
  return (
    <div class="frame" aria-busy={isAsking}>
      <table class="letters">
        <thead>
          <tr>
            <th scope="col" class="check">
              <AllBox
                chosen={chosen}
                of={rows.length}
                onChoose={(isOn) => {
                  choose(rows, isOn)
                }}
              />
            </th>
            <th scope="col">Where</th>
            <th scope="col">Why it came back</th>
            <th scope="col">The line</th>
            <th scope="col" aria-sort={order === 'end' ? 'ascending' : 'none'} class="wide">
              <button
                type="button"
                class="sort"
                onClick={() => {
                  onOrder(order === 'end' ? 'place' : 'end')
                }}
              >
                Forgotten{order === 'end' ? ' ↑' : ''}
              </button>
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.id}
              row={row}
              props={props}
              isChosen={isChosen(row)}
              showsFile={showsFile}
              onChoose={(isOn) => {
                choose([row], isOn)
              }}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function AllBox({
  chosen,
  of,
  onChoose,
}: {
  readonly chosen: number
  readonly of: number
  readonly onChoose: (isOn: boolean) => void
}) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = chosen > 0 && chosen < of
  }, [chosen, of])
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label="Select all on this page"
      checked={of > 0 && chosen === of}
      onChange={({ currentTarget }) => {
        onChoose(currentTarget.checked)
      }}
    />
  )
}

interface RowProps {
  readonly row: RejectedRow
  readonly props: RejectedTableProps
  readonly isChosen: boolean
  readonly showsFile: boolean
  readonly onChoose: (isOn: boolean) => void
}

function Row({ row, props: { onFix, onTryAgain }, isChosen, showsFile, onChoose }: RowProps) {
  const place = placeOf(row)
  return (
    <tr class={isChosen ? 'chosen-row' : ''}>
      <td class="check">
        <input
          type="checkbox"
          aria-label={`Select ${place}`}
          checked={isChosen}
          onChange={({ currentTarget }) => {
            onChoose(currentTarget.checked)
          }}
        />
      </td>
      <td class="where">
        {row.lineNumber === undefined ? WHOLES[row.kind] : <>line {grouped(row.lineNumber)}</>}
        {showsFile && row.key !== '' && (
          <small title={row.key}>
            <Foreign text={fileName(row.key)} most={80} />
          </small>
        )}
      </td>
      <td class="why" title={row.reason}>
        <Prose text={whyText(row)} />
        {row.replays > 0 && <small>came back {grouped(row.replays + 1)} times</small>}
      </td>
      <td class="line">
        {row.line === undefined ? (
          <span class="soft">
            <Prose text={fixTextOf(row.reason)} />
          </span>
        ) : (
          <Foreign text={row.line} most={240} />
        )}
        {row.isCut && <small>Only its first 200 KiB are kept: mend it in the file, and drop it again.</small>}
      </td>
      <td class="wide soft">
        {row.forgottenAt === undefined ? <>kept</> : <When iso={row.forgottenAt} />}
        <small>
          came back <Time iso={row.failedAt} />
        </small>
      </td>
      <td>
        {isFixable(row) && (
          <button
            type="button"
            aria-label={`Mend ${place}`}
            onClick={() => {
              onFix(row)
            }}
          >
            Mend
          </button>
        )}
        {row.kind === 'failed-import' && (
          <button
            type="button"
            aria-label={`Try again: ${fileName(row.key)}`}
            onClick={() => {
              onTryAgain(row)
            }}
          >
            Try again
          </button>
        )}
      </td>
    </tr>
  )
}

const WHOLES = { line: 'a line', file: 'whole file', 'failed-import': 'an import', unknown: 'a message' } as const

function placeOf({ lineNumber, key, kind }: RejectedRow): string {
  if (lineNumber !== undefined) return `line ${grouped(lineNumber)} of ${fileName(key)}`
  return kind === 'unknown' ? 'a message of somebody else' : fileName(key)
}

/** A detail says what is wrong, and then what to do; in a list of many only the first is wanted. */
function whyText({ reason, detail }: RejectedRow): string {
  const fix = fixTextOf(reason)
  const why = detail.endsWith(fix) ? detail.slice(0, -fix.length).trimEnd() : meansOf(reason)
  return why.replace(/\.$/, '')
}
