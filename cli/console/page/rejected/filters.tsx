import { useState } from 'preact/hooks'
import type { RejectedFilter, RejectedPage } from '../../api-types.ts'
import { Prose } from '../components/text.tsx'
import { fileName, grouped, visible } from '../format.ts'
import { meansOf } from '../labels.ts'
import { normalized } from '../route.ts'
import './filters.css'
import { SearchField } from './search-field.tsx'

interface FilterProps {
  readonly filter: RejectedFilter
  readonly page: RejectedPage
  readonly onFilter: (filter: RejectedFilter) => void
}

/** Filters by reason, file and text. */
export function Filters({ hasFileFilter, ...props }: FilterProps & { readonly hasFileFilter: boolean }) {
  const { filter, onFilter } = props
  return (
    <div class="filters" role="group" aria-label="Filters">
      <ReasonFilter {...props} />
      <div class="fields">
        {hasFileFilter && <FileFilter {...props} />}
        <SearchField filter={filter} onFilter={onFilter} />
      </div>
    </div>
  )
}

const MAX_REASONS = 8

function ReasonFilter({ filter, page: { reasons }, onFilter }: FilterProps) {
  const [isExpanded, setIsExpanded] = useState(false)
  if (reasons.length === 0) return null
  const { reason: selected, ...withoutReason } = filter
  return (
    <ul class="chips" aria-label="Reasons">
      {(isExpanded ? reasons : reasons.slice(0, MAX_REASONS)).map(({ reason, count }) => (
        <li key={reason}>
          <button
            type="button"
            class={selected === reason ? 'chip on' : 'chip'}
            aria-pressed={selected === reason}
            title={reason}
            onClick={() => {
              onFilter(selected === reason ? withoutReason : normalized({ ...filter, reason }))
            }}
          >
            <Prose text={meansOf(reason)} /> <span class="count">{grouped(count)}</span>
          </button>
        </li>
      ))}
      {reasons.length > MAX_REASONS && (
        <li>
          <button
            type="button"
            class="chip"
            aria-expanded={isExpanded}
            onClick={() => {
              setIsExpanded(!isExpanded)
            }}
          >
            {isExpanded ? 'Fewer' : `${grouped(reasons.length - MAX_REASONS)} more`}
          </button>
        </li>
      )}
    </ul>
  )
}

function FileFilter({ filter, page: { files }, onFilter }: FilterProps) {
  const { file: selected, ...withoutFile } = filter
  return (
    <label>
      File
      <select
        value={selected ?? ''}
        onChange={({ currentTarget: { value } }) => {
          onFilter(value === '' ? withoutFile : normalized({ ...filter, file: value }))
        }}
      >
        <option value="">All files</option>
        {selected !== undefined && !files.some(({ key }) => key === selected) && (
          <option value={selected}>{visible(fileName(selected), 80)} (0)</option>
        )}
        {files.map(({ key, count }) => (
          <option key={key} value={key}>
            {key === '' ? 'no file' : visible(fileName(key), 80)} ({grouped(count)})
          </option>
        ))}
      </select>
    </label>
  )
}
