import { useState } from 'preact/hooks'
import type { FixPreview, RejectedFilter } from '../../api-types.ts'
import { messageOf } from '../api-client.ts'
import { Notice } from '../components/notice.tsx'
import { ForeignText, Prose } from '../components/text.tsx'
import { counted, fileName, grouped } from '../format.ts'
import { meansOf } from '../labels.ts'
import { AlwaysFix } from './always-fix.tsx'
import { ChangedText } from './changed-text.tsx'
import './fix-all.css'
import { FixButtons } from './fix-buttons.tsx'
import { fixLabel } from './fix-labels.ts'
import { sendLines } from './send-lines.tsx'
import type { FixSuggestion } from '../../suggestions/suggest-fix.ts'
import { useFixPreview } from './use-fix-preview.ts'
import { useFixSuggestions } from './use-fix-suggestions.ts'

interface FixAllProps {
  readonly filter: RejectedFilter
  readonly matching: number
  readonly suggestion: FixSuggestion | undefined
  /** Called after lines were sent, so that the list is fetched again. */
  readonly onSent: () => void
}

/** Fixes all lines that match a filter, however many, the same way. Shows the effect before anything is sent. */
export function FixAll({ filter, matching, suggestion, onSent }: FixAllProps) {
  const [fixes, setFixes] = useState<readonly string[]>([])
  const [isSending, setIsSending] = useState(false)
  const [sendError, setSendError] = useState<string>()
  const { preview, error, isLoading } = useFixPreview(filter, fixes, matching)
  const found = useFixSuggestions(filter, fixes, matching)
  const valid = preview?.valid ?? 0
  const onSend = async () => {
    setSendError(undefined)
    try {
      const sent = await sendLines({ isAll: true, filter, fixes }, valid, (preview?.deadLetters ?? 0) - valid, () => {
        setIsSending(true)
      })
      if (sent !== undefined) onSent()
    } catch (failure) {
      setSendError(messageOf(failure))
    } finally {
      setIsSending(false)
    }
  }
  const problem = sendError ?? error
  return (
    <section class="card" aria-labelledby="fix-all-title">
      <h2 id="fix-all-title">Fix all {counted(matching, 'line')} the same way</h2>
      <FixButtons
        suggestion={suggestion}
        found={found}
        onFix={(names) => {
          setFixes([...fixes.filter((other) => !names.includes(other)), ...names])
        }}
      />
      <ChosenFixes
        fixes={fixes}
        onRemove={(name) => {
          setFixes(fixes.filter((other) => other !== name))
        }}
      />
      {problem !== undefined && (
        <Notice tone="error" role="alert">
          {problem}
        </Notice>
      )}
      <div role="status">
        {preview === undefined ? (
          <p class="muted">Checking all lines…</p>
        ) : (
          <PreviewText preview={preview} hasFixes={fixes.length > 0} />
        )}
      </div>
      {preview !== undefined && <Examples preview={preview} />}
      {fixes.length > 0 && preview?.prefix !== undefined && preview.changed > 0 && (
        <AlwaysFix key={JSON.stringify([preview.prefix, fixes])} prefix={preview.prefix} fixes={fixes} />
      )}
      <div class="actions">
        <button type="button" class="main" disabled={valid === 0 || isSending || isLoading} onClick={() => void onSend()}>
          {isSending ? 'Sending…' : `Send ${counted(valid, 'line')}`}
        </button>
      </div>
    </section>
  )
}

interface ChosenFixesProps {
  readonly fixes: readonly string[]
  readonly onRemove: (name: string) => void
}

function ChosenFixes({ fixes, onRemove }: ChosenFixesProps) {
  if (fixes.length === 0) return null
  return (
    <ul class="chips" aria-label="Chosen fixes">
      {fixes.map((name) => (
        <li key={name}>
          <button
            type="button"
            class="chip on"
            aria-label={`Remove this fix: ${fixLabel(name)}`}
            onClick={() => {
              onRemove(name)
            }}
          >
            {fixLabel(name)} <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

interface PreviewTextProps {
  readonly preview: FixPreview
  readonly hasFixes: boolean
}

function PreviewText({ preview: { deadLetters, changed, valid }, hasFixes }: PreviewTextProps) {
  return (
    <p>
      {hasFixes && (
        <>
          This changes {grouped(changed)} of {counted(deadLetters, 'line')}.{' '}
        </>
      )}
      <strong>
        {grouped(valid)} of {grouped(deadLetters)} can be sent {hasFixes ? 'after this fix' : 'without a fix'}
      </strong>
      {valid < deadLetters && <>; {counted(deadLetters - valid, 'stays', 'stay')} here</>}.
    </p>
  )
}

function Examples({ preview: { examples } }: { readonly preview: FixPreview }) {
  if (examples.length === 0) return null
  return (
    <ul class="fix-examples" aria-label="Examples">
      {examples.map(({ key, lineNumber, before, after, reason }) => (
        <li key={`${key} ${lineNumber ?? ''}`}>
          <span class="muted">
            <ForeignText text={fileName(key)} max={80} />
            {lineNumber !== undefined && `, line ${grouped(lineNumber)}`}
          </span>
          <ChangedText before={before} after={after} />
          {reason !== undefined && (
            <p class="still-rejected">
              Still rejected: <Prose text={meansOf(reason)} />
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}
