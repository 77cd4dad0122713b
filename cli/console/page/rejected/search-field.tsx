import { useEffect, useRef, useState } from 'preact/hooks'
import type { RejectedFilter } from '../../api-types.ts'
import { normalized } from '../route.ts'

/** How long the search waits for the next key. */
const DEBOUNCE_MS = 300

interface SearchFieldProps {
  readonly filter: RejectedFilter
  readonly onFilter: (filter: RejectedFilter) => void
}

export function SearchField({ filter, onFilter }: SearchFieldProps) {
  const [text, setText] = useState(filter.text ?? '')
  const latest = useRef({ filter, onFilter })
  latest.current = { filter, onFilter }
  const applied = useRef(filter.text ?? '')
  // The filter can change from outside: the user goes back, or clears it.
  useEffect(() => {
    if ((filter.text ?? '') === applied.current) return
    applied.current = filter.text ?? ''
    setText(applied.current)
  }, [filter.text])
  useEffect(() => {
    if (text === applied.current) return
    const timer = setTimeout(() => {
      applied.current = text
      const { text: _text, ...rest } = latest.current.filter
      latest.current.onFilter(normalized(text === '' ? rest : { ...rest, text }))
    }, DEBOUNCE_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [text])
  return (
    <label>
      Search: email, event or text in the line
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
