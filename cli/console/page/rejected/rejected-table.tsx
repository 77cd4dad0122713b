import { useEffect, useRef } from 'preact/hooks'
import type { RejectedOrder, RejectedRow } from '../../api-types.ts'
import { RejectedTableRow } from './rejected-table-row.tsx'
import './rejected-table.css'
import { isSelected, withRows, type Selection } from './selection.ts'

interface RejectedTableProps {
  readonly rows: readonly RejectedRow[]
  readonly selection: Selection
  readonly onSelect: (selection: Selection) => void
  readonly order: RejectedOrder
  readonly onOrder: (order: RejectedOrder) => void
  readonly onFix: (row: RejectedRow) => void
  readonly onRetry: (row: RejectedRow) => void
  readonly isLoading: boolean
  readonly hasFileNames: boolean
}

/** One page of rejected lines. */
export function RejectedTable({
  rows,
  selection,
  onSelect,
  order,
  onOrder,
  onFix,
  onRetry,
  isLoading,
  hasFileNames,
}: RejectedTableProps) {
  const select = (some: readonly RejectedRow[], isOn: boolean) => {
    onSelect(withRows(selection, rows, some, isOn))
  }
  return (
    <div class="table-frame" aria-busy={isLoading}>
      <table class="rejected">
        <thead>
          <tr>
            <th scope="col" class="check">
              <SelectAllBox
                selected={rows.filter((row) => isSelected(selection, row)).length}
                total={rows.length}
                onSelect={(isOn) => {
                  select(rows, isOn)
                }}
              />
            </th>
            <th scope="col">Where</th>
            <th scope="col">Reason</th>
            <th scope="col">Line</th>
            <th scope="col" aria-sort={order === 'expiry' ? 'ascending' : 'none'} class="wide">
              <button
                type="button"
                class="sort"
                onClick={() => {
                  onOrder(order === 'expiry' ? 'file' : 'expiry')
                }}
              >
                Expires in{order === 'expiry' ? ' ↑' : ''}
              </button>
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <RejectedTableRow
              key={row.id}
              row={row}
              isSelected={isSelected(selection, row)}
              hasFileName={hasFileNames}
              onSelect={(isOn) => {
                select([row], isOn)
              }}
              onFix={onFix}
              onRetry={onRetry}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface SelectAllBoxProps {
  readonly selected: number
  readonly total: number
  readonly onSelect: (isOn: boolean) => void
}

function SelectAllBox({ selected, total, onSelect }: SelectAllBoxProps) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = selected > 0 && selected < total
  }, [selected, total])
  return (
    <label>
      <input
        ref={box}
        type="checkbox"
        aria-label="Select all on this page"
        checked={total > 0 && selected === total}
        onChange={({ currentTarget }) => {
          onSelect(currentTarget.checked)
        }}
      />
      <span class="narrow" aria-hidden="true">
        Select all on this page
      </span>
    </label>
  )
}
