import { useState } from 'preact/hooks'
import { ViewTitle } from '../components/view-title.tsx'
import { counted, grouped } from '../format.ts'
import { drafts, fixAllDrafts } from './drafts.ts'
import { FixButtons } from './fix-buttons.tsx'
import './fix-lines-view.css'
import { LineEditor } from './line-editor.tsx'
import { SendBar } from './send-bar.tsx'
import { SentLines } from './sent-lines.tsx'
import { suggestFix } from '../../suggestions/suggest-fix.ts'
import { useDraftSuggestions } from './use-fix-suggestions.ts'
import { rejectionOfDraft } from './validate-draft.ts'

/** Edits the selected lines. Each line is validated by the importer's own rules while the user types. */
export function FixLinesView() {
  const count = drafts.value.length
  return (
    <>
      <p class="breadcrumb">
        <a href="#/rejected">Rejected lines</a>
      </p>
      <ViewTitle>{count === 0 ? 'Fix lines' : `Fix ${counted(count, 'line')}`}</ViewTitle>
      <SentLines />
      {count === 0 ? (
        <p class="empty">
          No lines selected. Select lines in <a href="#/rejected">Rejected lines</a>.
        </p>
      ) : (
        <Drafts />
      )}
    </>
  )
}

function Drafts() {
  const lines = drafts.value
  const [result, setResult] = useState('')
  const found = useDraftSuggestions(lines)
  const first = lines.find((line) => rejectionOfDraft(line) !== undefined) ?? lines[0]
  const rejection = first && rejectionOfDraft(first)
  return (
    <>
      <section class="card" aria-labelledby="fix-alike-title">
        <h2 id="fix-alike-title">{lines.length === 1 ? 'Suggested fixes' : 'Fix all the same way'}</h2>
        <FixButtons
          suggestion={first && suggestFix(rejection?.reason ?? first.row.reason, rejection?.detail ?? '')}
          found={found}
          onFix={(names) => {
            setResult(`Changed ${grouped(fixAllDrafts(names))} of ${counted(lines.length, 'line')}.`)
          }}
        />
        <p role="status">{result}</p>
      </section>
      <ol class="drafts" aria-label="Lines">
        {lines.map((line) => (
          <li key={line.row.id}>
            <LineEditor line={line} />
          </li>
        ))}
      </ol>
      <SendBar />
    </>
  )
}
