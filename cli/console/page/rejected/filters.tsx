import { useEffect, useRef, useState } from 'preact/hooks'
import type { RejectedFilter, DeadLetterPage } from '../../api-types.ts'
import { Prose } from '../components.tsx'
import { filterOf } from '../route.ts'
import { fileName, grouped, visible } from '../format.ts'
import { meansOf } from '../labels.ts'

interface FilterProps {
  readonly filter: RejectedFilter
  readonly deadLetters: DeadLetterPage
  readonly onFilter: (filter: RejectedFilter) => void
}

/** What waits, what a person put away, and what failed too often. */
export function Views({ filter, deadLetters, onFilter }: FilterProps) {
  const view = (words: string, count: number, kept?: 'archived' | 'quarantined') => (
    <li>
      <button
        type="button"
        class="tab"
        aria-current={filter.kept === kept ? 'page' : undefined}
        onClick={() => {
          onFilter(kept === undefined ? {} : { kept })
        }}
      >
        {words} <span class="count">{grouped(count)}</span>
      </button>
    </li>
  )
  return (
    <nav aria-label="Views">
      <ul class="tabs">
        {view('Waiting', deadLetters.total)}
        {view('Put away', deadLetters.archived, 'archived')}
        {view('Set aside', deadLetters.quarantined, 'quarantined')}
      </ul>
      {filter.kept === 'archived' && (
        <p class="soft">What somebody put away. It is kept, and can be mended and sent from here.</p>
      )}
      {filter.kept === 'quarantined' && (
        <p class="soft">What came back after three replays. It is kept, and no longer sent along when everything is replayed.</p>
      )}
    </nav>
  )
}

const SHOWN_REASONS = 8

export function Filters({ filter, deadLetters, onFilter, showsFiles }: FilterProps & { readonly showsFiles: boolean }) {
  const [isOpen, setIsOpen] = useState(false)
  const { reasons, files } = deadLetters
  const shown = isOpen ? reasons : reasons.slice(0, SHOWN_REASONS)
  const { file: _file, ...exceptFile } = filter
  const { reason: _reason, ...butReason } = filter
  return (
    <div class="filters" role="group" aria-label="Filters">
      {reasons.length > 0 && (
        <ul class="chips" aria-label="Reasons">
          {shown.map(({ reason, count }) => (
            <li key={reason}>
              <button
                type="button"
                class={filter.reason === reason ? 'chip on' : 'chip'}
                aria-pressed={filter.reason === reason}
                title={reason}
                onClick={() => {
                  onFilter(filter.reason === reason ? butReason : filterOf({ ...filter, reason }))
                }}
              >
                <Prose text={meansOf(reason)} /> <span class="count">{grouped(count)}</span>
              </button>
            </li>
          ))}
          {reasons.length > SHOWN_REASONS && (
            <li>
              <button
                type="button"
                class="chip"
                aria-expanded={isOpen}
                onClick={() => {
                  setIsOpen(!isOpen)
                }}
              >
                {isOpen ? 'Fewer' : `${grouped(reasons.length - SHOWN_REASONS)} more`}
              </button>
            </li>
          )}
        </ul>
      )}
      <div class="fields">
        {showsFiles && (
          <label>
            File
            <select
              value={filter.file ?? ''}
              onChange={({ currentTarget: { value } }) => {
                onFilter(value === '' ? exceptFile : filterOf({ ...filter, file: value }))
              }}
            >
              <option value="">All files</option>
              {filter.file !== undefined && !files.some(({ key }) => key === filter.file) && (
                <option value={filter.file}>{visible(fileName(filter.file), 80)} (0)</option>
              )}
              {files.map(({ key, count }) => (
                <option key={key} value={key}>
                  {key === '' ? 'no file' : visible(fileName(key), 80)} ({grouped(count)})
                </option>
              ))}
            </select>
          </label>
        )}
        <Search filter={filter} onFilter={onFilter} />
      </div>
    </div>
  )
}

const PATIENCE_MS = 300

function Search({ filter, onFilter }: Omit<FilterProps, 'deadLetters'>) {
  const [text, setText] = useState(filter.text ?? '')
  const latest = useRef({ filter, onFilter })
  latest.current = { filter, onFilter }
  const written = useRef(filter.text ?? '')
  // The address may have changed by itself, as when somebody goes back.
  useEffect(() => {
    if ((filter.text ?? '') === written.current) return
    written.current = filter.text ?? ''
    setText(written.current)
  }, [filter.text])
  useEffect(() => {
    if (text === written.current) return
    const timer = setTimeout(() => {
      written.current = text
      const { text: _text, ...rest } = latest.current.filter
      latest.current.onFilter(filterOf(text === '' ? rest : { ...rest, text }))
    }, PATIENCE_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [text])
  return (
    <label>
      Text in the line
      <input
        type="search"
        value={text}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => {
          setText(currentTarget.value)
        }}
      />
    </label>
  )
}
