import { ContentDetails } from '../check/content-details.tsx'
import { Notice } from '../components/notice.tsx'
import { ForeignText } from '../components/text.tsx'
import { bytesText, counted } from '../format.ts'
import { TargetNote } from '../target.tsx'
import { CheckReasons, CheckSummary } from './check-result.tsx'
import { dismiss, type ChosenFile } from './chosen-files.ts'
import { canImport, importLabel } from './import-label.ts'
import { startImport } from './start-import.tsx'

/** A chosen file: the result of its check, its upload, and the buttons for its stage. */
export function ChosenFileCard({ chosen }: { readonly chosen: ChosenFile }) {
  const { file, check, number, stage } = chosen
  return (
    <article class="card" aria-label={file.name}>
      <h3>
        <ForeignText text={file.name} max={120} /> <span class="muted">{bytesText(file.size)}</span>
      </h3>
      <StageText chosen={chosen} />
      {check !== undefined && <CheckReasons check={check} />}
      {check?.content !== undefined && check.refusal === undefined && <ContentDetails content={check.content} />}
      {stage.kind === 'checked' && canImport(check) && <TargetNote isSending />}
      <div class="actions">
        <ImportButton chosen={chosen} />
        {stage.kind !== 'uploaded' && (
          <button
            type="button"
            onClick={() => {
              dismiss(number)
            }}
          >
            {hasEnded(chosen) ? 'Remove from this list' : 'Cancel'}
          </button>
        )}
      </div>
    </article>
  )
}

function hasEnded({ stage, check }: ChosenFile): boolean {
  return stage.kind === 'unsuitable' || stage.kind === 'failed' || (stage.kind === 'checked' && !canImport(check))
}

function StageText({ chosen: { stage, check, file } }: { readonly chosen: ChosenFile }) {
  switch (stage.kind) {
    case 'unsuitable':
    case 'failed':
      return (
        <Notice tone="error" role="alert">
          {stage.why}
        </Notice>
      )
    case 'waiting':
      return <p class="muted">Waiting for its check.</p>
    case 'checking':
      return (
        <>
          <progress aria-label={`Checking ${file.name}`} max={file.size} value={check?.bytesRead ?? 0} />
          <p>{check === undefined ? 'Checking…' : `Checking… ${counted(check.lines, 'line')} so far.`}</p>
        </>
      )
    case 'checked':
      return check === undefined ? null : <CheckSummary check={check} name={file.name} />
    case 'queued':
      return <p class="muted">Waiting for its upload.</p>
    case 'uploading':
      return (
        <>
          <progress aria-label={`Uploading ${file.name}`} max={1} value={stage.share} />
          <p>Uploading… {Math.floor(stage.share * 100)}%</p>
        </>
      )
    case 'name-exists':
      return (
        <Notice tone="warning" role="alert">
          {stage.why} Import it again? Lines that are in both files count once.
        </Notice>
      )
    case 'uploaded':
      return <Notice tone="good">Uploaded. The import appears below in a moment.</Notice>
  }
}

function ImportButton({ chosen }: { readonly chosen: ChosenFile }) {
  const { stage, check } = chosen
  const button = (label: string, isMain: boolean, isConfirmed = false) => (
    <button
      type="button"
      class={isMain ? 'main' : ''}
      onClick={() => {
        void startImport(chosen, isConfirmed)
      }}
    >
      {label}
    </button>
  )
  switch (stage.kind) {
    case 'waiting':
    case 'checking':
      return button('Import without the check', false)
    case 'checked':
      return canImport(check) ? button(importLabel(check), true) : null
    case 'name-exists':
      return button('Import again', true, true)
    case 'failed':
      return button('Try again', false)
    case 'unsuitable':
    case 'queued':
    case 'uploading':
    case 'uploaded':
      return null
  }
}
