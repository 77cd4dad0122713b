import type { Rejection } from '../../../../lambda/reasons.ts'
import { Icon } from '../components/icon.tsx'
import { ForeignText, Prose } from '../components/text.tsx'
import { visibleParts } from '../format.ts'
import type { DraftLine } from './drafts.ts'
import './validation-result.css'

interface ValidationResultProps {
  readonly id: string
  readonly line: DraftLine
  readonly rejection: Rejection | undefined
  readonly errorAt: number | undefined
}

/** Whether the edited line can be sent; otherwise what is wrong, and where. */
export function ValidationResult({ id, line: { text, refusal }, rejection, errorAt }: ValidationResultProps) {
  const tone = rejection === undefined ? 'good' : 'error'
  return (
    <div id={id} class={`validation ${tone}`}>
      <Icon tone={tone} />
      <div>
        <span>{rejection === undefined ? 'Ready to send.' : <Prose text={rejection.detail} />}</span>
        {errorAt !== undefined && <ErrorPosition text={text} at={errorAt} />}
        {refusal !== undefined && (
          <p>
            The console refused to send it: <Prose text={refusal} />
          </p>
        )}
        <InvisibleCharacters text={text} />
      </div>
    </div>
  )
}

/** Characters shown before and after the error. */
const CONTEXT = 24

function ErrorPosition({ text, at }: { readonly text: string; readonly at: number }) {
  const character = text.slice(at, at + 1)
  return (
    <p class="error-position" aria-hidden="true">
      {at > CONTEXT && '…'}
      <ForeignText text={text.slice(Math.max(0, at - CONTEXT), at)} />
      <mark>{character === '' ? '⟨end⟩' : <ForeignText text={character} />}</mark>
      <ForeignText text={text.slice(at + 1, at + 1 + CONTEXT)} />
    </p>
  )
}

const MAX_INVISIBLE = 8

/** A text field does not show control characters, and some of them change the order of the text around them. */
function InvisibleCharacters({ text }: { readonly text: string }) {
  const escapes = new Set(visibleParts(text).flatMap((part) => (part.isEscape && part.text !== '\\n' ? [part.text] : [])))
  if (escapes.size === 0) return null
  return (
    <p>
      Contains invisible characters:{' '}
      {[...escapes].slice(0, MAX_INVISIBLE).map((escape) => (
        <span class="escape">{escape}</span>
      ))}
    </p>
  )
}
