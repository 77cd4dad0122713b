import { ForeignText } from '../components/text.tsx'
import { textChange } from './text-change.ts'
import './changed-text.css'

/** What an edit removed from a line and added to it. */
export function ChangedText({ before, after }: { readonly before: string; readonly after: string }) {
  const { start, removed, added, end } = textChange(before, after)
  return (
    <p class="changed-text">
      <ForeignText text={start} />
      {removed !== '' && (
        <del>
          <ForeignText text={removed} max={200} />
        </del>
      )}
      {added !== '' && (
        <ins>
          <ForeignText text={added} max={200} />
        </ins>
      )}
      <ForeignText text={end} />
    </p>
  )
}
