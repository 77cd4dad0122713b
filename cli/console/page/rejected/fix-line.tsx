import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../api-client.ts'
import { Foreign, Notice, Prose, Sign, Title } from '../components.tsx'
import { counted, fileName, grouped, visibleParts } from '../format.ts'
import { announce } from '../announce.ts'
import { suggestFix } from '../labels.ts'
import {
  clearSent,
  drafts,
  faultIn,
  fixAll,
  isChanged,
  takeOff,
  undo,
  undoAll,
  verdictOf,
  write,
  type DraftLine,
} from './drafts.ts'
import { Changed, Fixes } from './fixes.tsx'
import { send, Sendings } from './send.tsx'

/** Lines side by side, each with the importer's own verdict beneath it while a person writes. */
export function FixView() {
  const lines = drafts.value
  return (
    <>
      <p class="crumb">
        <a href="#/rejected">What came back</a>
      </p>
      <Title>{lines.length === 0 ? 'Mend' : `Mend ${counted(lines.length, 'line')}`}</Title>
      <Sendings />
      {lines.length === 0 ? (
        <p class="empty">
          Nothing is here to be mended. Choose lines among <a href="#/rejected">what came back</a>.
        </p>
      ) : (
        <Drafts lines={lines} />
      )}
    </>
  )
}

function Drafts({ lines }: { readonly lines: readonly DraftLine[] }) {
  const [note, setNote] = useState('')
  const first = lines.find((line) => verdictOf(line) !== undefined) ?? lines[0]
  return (
    <>
      <details class="sheet" open={lines.length > 1}>
        <summary>
          <h2>Mend all alike</h2>
        </summary>
        <Fixes
          suggestion={first && suggestFix(verdictOf(first)?.reason ?? first.row.reason, verdictOf(first)?.detail ?? '')}
          onFix={(name) => {
            setNote(`Changed ${grouped(fixAll(name))} of ${counted(lines.length, 'line')}.`)
          }}
        />
        <p role="status">{note}</p>
      </details>
      <ol class="desk" aria-label="Lines">
        {lines.map((line) => (
          <li key={line.row.id}>
            <Editor line={line} />
          </li>
        ))}
      </ol>
      <SendBar lines={lines} />
    </>
  )
}

function nameOf({ row: { lineNumber, key } }: DraftLine): string {
  return `${lineNumber === undefined ? 'Line' : `Line ${grouped(lineNumber)}`} of ${fileName(key)}`
}

const SAY_AFTER_MS = 900

function Editor({ line }: { readonly line: DraftLine }) {
  const { row, text, refusal } = line
  const area = useRef<HTMLTextAreaElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const verdict = verdictOf(line)
  const fault = verdict === undefined ? undefined : faultIn(text, verdict.detail)
  const id = `line-${row.id}`
  useLayoutEffect(() => {
    const element = area.current
    if (element === null) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + 2}px` // its borders
  }, [text])
  const onInput = (written: string) => {
    write(row.id, written)
    // Read aloud when a person pauses, and not at each key.
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      const now = drafts.value.find((other) => other.row.id === row.id)
      if (now !== undefined) announce(`${nameOf(now)}: ${verdictOf(now)?.detail ?? 'can be sent'}`)
    }, SAY_AFTER_MS)
  }
  return (
    <article class="sheet editor" aria-labelledby={`${id}-title`}>
      <header>
        <h3 id={`${id}-title`}>
          <Foreign text={nameOf(line)} most={160} />
        </h3>
        {isChanged(line) && <span class="mark">changed</span>}
        {row.replays > 0 && <span class="soft">sent back {counted(row.replays, 'time')} before</span>}
      </header>
      <textarea
        ref={area}
        dir="ltr"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        rows={1}
        aria-label={nameOf(line)}
        aria-describedby={`${id}-verdict`}
        aria-invalid={verdict !== undefined}
        value={text}
        onInput={({ currentTarget }) => {
          onInput(currentTarget.value)
        }}
      />
      <div id={`${id}-verdict`} class={verdict === undefined ? 'verdict good' : 'verdict bad'}>
        <Sign tone={verdict === undefined ? 'good' : 'bad'} />
        <div>
          <span>{verdict === undefined ? 'Can be sent.' : <Prose text={verdict.detail} />}</span>
          {fault !== undefined && <Place text={text} at={fault} />}
          {refusal !== undefined && (
            <p>
              The console did not take it: <Prose text={refusal} />
            </p>
          )}
          <Hidden text={text} />
        </div>
      </div>
      {isChanged(line) && <Changed before={row.line ?? ''} after={text} />}
      <div class="actions">
        {fault !== undefined && (
          <button
            type="button"
            onClick={() => {
              area.current?.focus()
              area.current?.setSelectionRange(fault, fault + 1)
            }}
          >
            Go to the place
          </button>
        )}
        {isChanged(line) && (
          <button
            type="button"
            onClick={() => {
              undo(row.id)
            }}
          >
            Undo changes
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            takeOff((other) => other.row.id === row.id)
          }}
        >
          Leave it as it was
        </button>
      </div>
    </article>
  )
}

const AROUND = 24

/** The place that is meant, with a little of what is around it. */
function Place({ text, at }: { readonly text: string; readonly at: number }) {
  const here = text.slice(at, at + 1)
  return (
    <p class="place" aria-hidden="true">
      {at > AROUND && '…'}
      <Foreign text={text.slice(Math.max(0, at - AROUND), at)} />
      <mark>{here === '' ? '⟨end⟩' : <Foreign text={here} />}</mark>
      <Foreign text={text.slice(at + 1, at + 1 + AROUND)} />
    </p>
  )
}

/** A text field shows controls and the like as nothing at all, or turns the order of what is around them. */
function Hidden({ text }: { readonly text: string }) {
  const kinds = [...new Set(visibleParts(text).flatMap((part) => (part.isEscape && part.text !== '\\n' ? [part.text] : [])))]
  if (kinds.length === 0) return null
  return (
    <p>
      It holds what cannot be seen:{' '}
      {kinds.slice(0, 8).map((kind) => (
        <span class="escape">{kind}</span>
      ))}
    </p>
  )
}

function SendBar({ lines }: { readonly lines: readonly DraftLine[] }) {
  const [isBusy, setIsBusy] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const ready = lines.filter((line) => verdictOf(line) === undefined)
  const onSend = async () => {
    setTrouble(undefined)
    try {
      const question = { lines: ready.map(({ row, text }) => ({ id: row.id, line: text })) }
      const replayed = await send(question, ready.length, lines.length - ready.length, () => {
        setIsBusy(true)
      })
      if (replayed !== undefined) clearSent(new Set(ready.map(({ row }) => row.id)), replayed)
    } catch (error) {
      setTrouble(messageOf(error))
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <div class="bar-below">
      {trouble !== undefined && (
        <Notice tone="bad" role="alert">
          {trouble}
        </Notice>
      )}
      <div class="actions">
        <button type="button" class="main" disabled={ready.length === 0 || isBusy} onClick={() => void onSend()}>
          {isBusy ? 'Sending…' : `Send ${counted(ready.length, 'line')} to Kissmetrics`}
        </button>
        <span class="soft">
          {ready.length === lines.length
            ? `All of them can be sent.`
            : `${grouped(ready.length)} of ${grouped(lines.length)} can be sent; the rest stays.`}
        </span>
        {lines.some(isChanged) && (
          <button type="button" onClick={undoAll}>
            Undo all changes
          </button>
        )}
      </div>
    </div>
  )
}
