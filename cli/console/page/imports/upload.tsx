import { useSignalEffect } from '@preact/signals'
import { useRef, useState } from 'preact/hooks'
import { FILE_SUFFIXES } from '../../../../lambda/keys.ts'
import { Foreign, Notice, Prose } from '../components.tsx'
import { bytesText, counted, grouped } from '../format.ts'
import { meansOf } from '../labels.ts'
import type { FileOutlook } from './check-file.ts'
import { chooseFiles, chosenFiles, dismiss, dismissFinished, importFile, type ChosenFile } from './files.ts'

/** Where files come in: dropped anywhere on the page, or chosen. */
export function Choose() {
  const files = chosenFiles.value
  useSignalEffect(dismissFinished)
  return (
    <section aria-labelledby="choose-title">
      <h2 id="choose-title" class="hidden">
        Import files
      </h2>
      <Zone />
      {files.length > 0 && <Chosen files={files} />}
    </section>
  )
}

function Zone() {
  const [isOver, setIsOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  return (
    <div
      class={isOver ? 'zone over' : 'zone'}
      onDragOver={() => {
        setIsOver(true)
      }}
      onDragLeave={() => {
        setIsOver(false)
      }}
      onDrop={() => {
        setIsOver(false) // the files themselves are taken by the page as a whole
      }}
    >
      <p>
        <strong>Drop files here</strong> or{' '}
        <label class="button">
          Choose files
          <input
            ref={input}
            type="file"
            multiple
            class="hidden"
            accept={[...FILE_SUFFIXES, '.gz'].join(',')}
            aria-describedby="zone-hint"
            onChange={() => {
              chooseFiles(input.current?.files ?? [])
              if (input.current !== null) input.current.value = '' // so that the same file can be chosen again
            }}
          />
        </label>
      </p>
      <p id="zone-hint" class="soft">
        One JSON object on each line; .json, .jsonl or .ndjson, also with .gz. Each file is checked here first: nothing is sent
        before you say so.
      </p>
    </div>
  )
}

function Chosen({ files }: { readonly files: readonly ChosenFile[] }) {
  const ready = files.filter(({ stage, outlook }) => stage.kind === 'checked' && isWorthIt(outlook))
  return (
    <>
      <ul class="chosen" aria-label="Chosen files">
        {files.map((chosen) => (
          <li key={chosen.number}>
            <ChosenCard chosen={chosen} />
          </li>
        ))}
      </ul>
      {ready.length > 1 && (
        <div class="actions">
          <button
            type="button"
            class="main"
            onClick={() => {
              for (const { number } of ready) importFile(number)
            }}
          >
            Import all {grouped(ready.length)} files
          </button>
          <span class="soft">What is sent cannot be taken back.</span>
        </div>
      )}
    </>
  )
}

function isWorthIt(outlook: FileOutlook | undefined): boolean {
  return outlook !== undefined && outlook.refusal === undefined && outlook.lines > outlook.blank
}

function ChosenCard({ chosen }: { readonly chosen: ChosenFile }) {
  const { file, outlook, number } = chosen
  return (
    <article class="sheet" aria-label={file.name}>
      <h3>
        <Foreign text={file.name} most={120} /> <span class="soft">{bytesText(file.size)}</span>
      </h3>
      <StageText chosen={chosen} />
      {outlook !== undefined && <Reasons outlook={outlook} />}
      <div class="actions">
        <StageActions chosen={chosen} />
        {chosen.stage.kind !== 'handed-over' && (
          <button
            type="button"
            onClick={() => {
              dismiss(number)
            }}
          >
            {isOver(chosen) ? 'Remove from this list' : 'Cancel'}
          </button>
        )}
      </div>
    </article>
  )
}

function isOver({ stage, outlook }: ChosenFile): boolean {
  return stage.kind === 'unfit' || stage.kind === 'failed' || (stage.kind === 'checked' && !isWorthIt(outlook))
}

function StageText({ chosen: { stage, outlook, file } }: { readonly chosen: ChosenFile }) {
  switch (stage.kind) {
    case 'unfit':
    case 'failed':
      return (
        <Notice tone="bad" role="alert">
          {stage.why}
        </Notice>
      )
    case 'waiting':
      return <p class="soft">Waits to be checked.</p>
    case 'checking':
      return (
        <>
          <progress aria-label={`Checking ${file.name}`} max={file.size} value={outlook?.bytesRead ?? 0} />
          <p>{outlook === undefined ? 'Checking…' : `Checking… ${counted(outlook.lines, 'line')} so far.`}</p>
        </>
      )
    case 'checked':
      return outlook === undefined ? null : <OutlookText outlook={outlook} />
    case 'queued':
      return <p class="soft">Waits to be handed over.</p>
    case 'uploading':
      return (
        <>
          <progress aria-label={`Handing over ${file.name}`} max={1} value={stage.share} />
          <p>Handing over… {Math.floor(stage.share * 100)}%</p>
        </>
      )
    case 'known':
      return (
        <Notice tone="warn" role="alert">
          {stage.why} Import it again? What is the same in both counts once at Kissmetrics.
        </Notice>
      )
    case 'handed-over':
      return <Notice tone="good">Handed over. Its import shows below in a moment.</Notice>
  }
}

function OutlookText({ outlook }: { readonly outlook: FileOutlook }) {
  const { lines, blank, ready, refusal, extent, bytesRead } = outlook
  if (refusal !== undefined)
    return (
      <Notice tone="bad">
        <strong>Nothing of it would be sent.</strong> <Prose text={refusal.detail} />
      </Notice>
    )
  const back = lines - blank - ready
  if (lines === blank && extent === 'whole') return <Notice tone="warn">There is no line in it that could be sent.</Notice>
  const counts = (
    <strong>
      {counted(ready, 'line')} will be sent, {grouped(back)} would come back
    </strong>
  )
  return (
    <Notice tone={back === 0 ? 'good' : 'warn'}>
      {extent === 'whole' ? (
        <>{counts}. </>
      ) : (
        <>
          Of the first {counted(lines, 'line')} ({bytesText(bytesRead)} of the file): {counts}.{' '}
          {extent === 'part' ? 'The rest was not looked at. ' : 'The rest could not be unpacked here; the import says more. '}
        </>
      )}
      {blank > 0 && <>{counted(blank, 'line is', 'lines are')} empty. </>}
      What is sent cannot be taken back.
    </Notice>
  )
}

const SHOWN_REASONS = 6

function Reasons({ outlook: { notDelivered, refusal } }: { readonly outlook: FileOutlook }) {
  if (refusal !== undefined || notDelivered.length === 0) return null
  return (
    <ul class="reasons">
      {notDelivered.slice(0, SHOWN_REASONS).map(({ reason, count }) => (
        <li key={reason} title={reason}>
          <b>{grouped(count)}</b> <Prose text={meansOf(reason)} />
        </li>
      ))}
      {notDelivered.length > SHOWN_REASONS && (
        <li class="soft">and {grouped(notDelivered.length - SHOWN_REASONS)} reasons more</li>
      )}
    </ul>
  )
}

function StageActions({ chosen: { number, stage, outlook } }: { readonly chosen: ChosenFile }) {
  const button = (label: string, isMain: boolean, isAgain = false) => (
    <button
      type="button"
      class={isMain ? 'main' : ''}
      onClick={() => {
        importFile(number, isAgain)
      }}
    >
      {label}
    </button>
  )
  switch (stage.kind) {
    case 'waiting':
    case 'checking':
      return button('Import without waiting', false)
    case 'checked':
      return isWorthIt(outlook) ? button('Import', true) : null
    case 'known':
      return button('Import again', true, true)
    case 'failed':
      return button('Try again', false)
    case 'unfit':
    case 'queued':
    case 'uploading':
    case 'handed-over':
      return null
  }
}
