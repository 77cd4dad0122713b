import { useState } from 'preact/hooks'
import { messageOf } from '../api-client.ts'
import { Notice } from '../components/notice.tsx'
import { counted, grouped } from '../format.ts'
import { drafts, isChanged, removeSent, undoAllChanges } from './drafts.ts'
import './send-bar.css'
import { sendLines } from './send-lines.tsx'
import { rejectionOfDraft } from './validate-draft.ts'

/** Sends the lines that are ready. */
export function SendBar() {
  const [isSending, setIsSending] = useState(false)
  const [error, setError] = useState<string>()
  const lines = drafts.value
  const ready = lines.filter((line) => rejectionOfDraft(line) === undefined)
  const onSend = async () => {
    setError(undefined)
    try {
      const request = { lines: ready.map(({ row, text }) => ({ id: row.id, line: text })) }
      const result = await sendLines(request, ready.length, lines.length - ready.length, () => {
        setIsSending(true)
      })
      if (result !== undefined) removeSent(new Set(ready.map(({ row }) => row.id)), result)
    } catch (failure) {
      setError(messageOf(failure))
    } finally {
      setIsSending(false)
    }
  }
  return (
    <div class="send-bar">
      {error !== undefined && (
        <Notice tone="error" role="alert">
          {error}
        </Notice>
      )}
      <div class="actions">
        <button type="button" class="main" disabled={ready.length === 0 || isSending} onClick={() => void onSend()}>
          {isSending ? 'Sending…' : `Send ${counted(ready.length, 'line')}`}
        </button>
        <span class="muted">
          {ready.length === lines.length
            ? 'All lines are ready to send.'
            : `${grouped(ready.length)} of ${counted(lines.length, 'line')} ready to send; the others stay here.`}
        </span>
        {lines.some(isChanged) && (
          <button type="button" onClick={undoAllChanges}>
            Undo all changes
          </button>
        )}
      </div>
    </div>
  )
}
