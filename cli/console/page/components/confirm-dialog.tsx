import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { TargetNote } from '../target.tsx'
import './confirm-dialog.css'

export interface Confirmation {
  readonly title: string
  readonly text: ComponentChildren
  /** Label of the button that confirms: a verb and its object. */
  readonly action: string
  /** Whether the action sends lines, so that the user must know what cannot be undone. */
  readonly isSending?: boolean
}

interface OpenConfirmation {
  readonly confirmation: Confirmation
  readonly answer: (isConfirmed: boolean) => void
}

const open = signal<OpenConfirmation>()

/** Asks the user in a dialog. A second call cancels the first. @returns whether the user confirmed */
export function confirm(confirmation: Confirmation): Promise<boolean> {
  open.value?.answer(false)
  return new Promise((resolve) => {
    open.value = {
      confirmation,
      answer: (isConfirmed) => {
        open.value = undefined
        resolve(isConfirmed)
      },
    }
  })
}

/** Shows what `confirm` asks. The browser keeps the focus inside the dialog and restores it afterwards. */
export function ConfirmDialog() {
  const current = open.value
  const dialog = useRef<HTMLDialogElement>(null)
  const cancel = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    if (current === undefined) return
    dialog.current?.showModal()
    cancel.current?.focus() // so that Enter, pressed without reading, sends nothing
  }, [current])
  if (current === undefined) return null
  const { confirmation, answer } = current
  const close = (isConfirmed: boolean) => {
    dialog.current?.close()
    answer(isConfirmed)
  }
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onCancel={(event) => {
        event.preventDefault()
        close(false)
      }}
    >
      <h2 id="confirm-title">{confirmation.title}</h2>
      <div id="confirm-text">
        {confirmation.text}
        <TargetNote isSending={confirmation.isSending === true} />
      </div>
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
          class="main"
          onClick={() => {
            close(true)
          }}
        >
          {confirmation.action}
        </button>
      </div>
    </dialog>
  )
}
