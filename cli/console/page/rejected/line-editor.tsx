import { useLayoutEffect, useRef } from 'preact/hooks'
import { announce } from '../announce.ts'
import { ForeignText } from '../components/text.tsx'
import { counted, fileName, grouped } from '../format.ts'
import { ChangedText } from './changed-text.tsx'
import { drafts, editDraft, isChanged, removeDraft, undoChanges, type DraftLine } from './drafts.ts'
import './line-editor.css'
import { ValidationResult } from './validation-result.tsx'
import { errorPosition, rejectionOfDraft } from './validate-draft.ts'

/** How long the user must pause before a screen reader reads the result: not after each key. */
const ANNOUNCE_AFTER_MS = 900

/** The editor of one line: its text, what is wrong with it, and what the user changed. */
export function LineEditor({ line }: { readonly line: DraftLine }) {
  const { row, text } = line
  const area = useRef<HTMLTextAreaElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const rejection = rejectionOfDraft(line)
  const errorAt = rejection && errorPosition(text, rejection.detail)
  const id = `line-${row.id}`
  useFittingHeight(area, text)
  const onInput = (edited: string) => {
    editDraft(row.id, edited)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      announceResult(row.id)
    }, ANNOUNCE_AFTER_MS)
  }
  return (
    <article class="card line-editor" aria-labelledby={`${id}-title`}>
      <header>
        <h3 id={`${id}-title`}>
          <ForeignText text={nameOf(line)} max={160} />
        </h3>
        {isChanged(line) && <span class="changed-badge">changed</span>}
        {row.replays > 0 && <span class="muted">sent {counted(row.replays, 'time')} before</span>}
      </header>
      <textarea
        ref={area}
        dir="ltr"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        rows={1}
        aria-label={nameOf(line)}
        aria-describedby={`${id}-result`}
        aria-invalid={rejection !== undefined}
        value={text}
        onInput={({ currentTarget }) => {
          onInput(currentTarget.value)
        }}
      />
      <ValidationResult id={`${id}-result`} line={line} rejection={rejection} errorAt={errorAt} />
      {isChanged(line) && <ChangedText before={row.line ?? ''} after={text} />}
      <div class="actions">
        {errorAt !== undefined && (
          <button
            type="button"
            onClick={() => {
              area.current?.focus()
              area.current?.setSelectionRange(errorAt, errorAt + 1)
            }}
          >
            Go to the error
          </button>
        )}
        {isChanged(line) && (
          <button
            type="button"
            onClick={() => {
              undoChanges(row.id)
            }}
          >
            Undo changes
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            removeDraft(row.id)
          }}
        >
          Remove from this list
        </button>
      </div>
    </article>
  )
}

/** Makes the area as high as its text, also when the window becomes narrower. A height that the user has chosen stays until then. */
function useFittingHeight(area: { readonly current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    if (area.current !== null) fitHeight(area.current)
  }, [text])
  useLayoutEffect(() => {
    const element = area.current
    if (element === null) return
    let width = element.clientWidth
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === width) return // only its height has changed
      width = element.clientWidth
      // In the next frame: an observer that changes what it observes is an error of the page.
      requestAnimationFrame(() => {
        fitHeight(element)
      })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
    }
  }, [])
}

function fitHeight(element: HTMLTextAreaElement): void {
  element.style.height = 'auto'
  element.style.height = `${element.scrollHeight + 2}px` // its borders
}

function announceResult(id: string): void {
  const line = drafts.value.find(({ row }) => row.id === id)
  if (line !== undefined) announce(`${nameOf(line)}: ${rejectionOfDraft(line)?.detail ?? 'ready to send'}`)
}

function nameOf({ row: { lineNumber, key } }: DraftLine): string {
  return `${lineNumber === undefined ? 'Line' : `Line ${grouped(lineNumber)}`} of ${fileName(key)}`
}
