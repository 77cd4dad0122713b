import { useState } from 'preact/hooks'
import { ViewTitle } from '../components/view-title.tsx'
import { counted, grouped } from '../format.ts'
import { drafts, fixAllDrafts } from './drafts.ts'
import { FixButtons } from './fix-buttons.tsx'
import './fix-lines-view.css'
import { LineEditor } from './line-editor.tsx'
import { SendBar } from './send-bar.tsx'
import { SentLines } from './sent-lines.tsx'
import { suggestFix } from './suggest-fix.ts'
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
  const first = lines.find((line) => rejectionOfDraft(line) !== undefined) ?? lines[0]
  const rejection = first && rejectionOfDraft(first)
  return (
    <>
      <details class="card" open={lines.length > 1}>
        <summary>
          <h2>Fix all the same way</h2>
        </summary>
        <FixButtons
          suggestion={first && suggestFix(rejection?.reason ?? first.row.reason, rejection?.detail ?? '')}
          onFix={(name) => {
            setResult(`Changed ${grouped(fixAllDrafts(name))} of ${counted(lines.length, 'line')}.`)
          }}
        />
        <p role="status">{result}</p>
      </details>
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
