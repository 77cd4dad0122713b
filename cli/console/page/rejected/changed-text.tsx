import { ForeignText } from '../components/text.tsx'
import { textChanges } from './text-changes.ts'
import './changed-text.css'

const MAX_SHOWN = 200

/** What an edit removed from a line and added to it, token by token. Not every screen reader says `del` and `ins`, so words do. */
export function ChangedText({ before, after }: { readonly before: string; readonly after: string }) {
  return (
    <p class="changed-text">
      {textChanges(before, after).map(({ kind, text }, index) => {
        if (kind === 'same') return <ForeignText key={index} text={text} />
        const Mark = kind === 'removed' ? 'del' : 'ins'
        return (
          <Mark key={index}>
            <span class="visually-hidden"> {kind}: </span>
            <ForeignText text={text} max={MAX_SHOWN} />
            <span class="visually-hidden"> end of {kind} </span>
          </Mark>
        )
      })}
    </p>
  )
}
