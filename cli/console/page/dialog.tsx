import type { ComponentChildren } from 'preact'
import { signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'

export interface Question {
  readonly title: string
  readonly text: ComponentChildren
  /** What the button says that does it: a verb, and what it is done to. */
  readonly action: string
  /** Whether it cannot be taken back. */
  readonly isFinal?: boolean
}

const open = signal<{ readonly question: Question; readonly answer: (isYes: boolean) => void } | undefined>(undefined)

/** Asks before something is done. @returns whether it is to be done */
export function confirm(question: Question): Promise<boolean> {
  open.value?.answer(false)
  return new Promise((resolve) => {
    open.value = {
      question,
      answer: (isYes) => {
        open.value = undefined
        resolve(isYes)
      },
    }
  })
}

/** Where questions are asked. The browser keeps the focus inside, and gives it back afterwards. */
export function Asker() {
  const asked = open.value
  const dialog = useRef<HTMLDialogElement>(null)
  const cancel = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    if (asked === undefined) return
    dialog.current?.showModal()
    cancel.current?.focus() // whoever presses Enter without having read must not have sent anything
  }, [asked])
  if (asked === undefined) return null
  const { question, answer } = asked
  const close = (isYes: boolean) => {
    dialog.current?.close()
    answer(isYes)
  }
  return (
    <dialog
      ref={dialog}
      aria-labelledby="question-title"
      aria-describedby="question-text"
      onCancel={(event) => {
        event.preventDefault()
        close(false)
      }}
    >
      <h2 id="question-title">{question.title}</h2>
      <div id="question-text">{question.text}</div>
      <div class="actions end">
        <button
          type="button"
          ref={cancel}
          onClick={() => {
            close(false)
          }}
        >
          Cancel
        </button>
        <button
          type="button"
          class={question.isFinal === true ? 'final' : 'main'}
          onClick={() => {
            close(true)
          }}
        >
          {question.action}
        </button>
      </div>
    </dialog>
  )
}
