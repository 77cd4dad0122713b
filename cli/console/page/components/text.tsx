import { visibleParts } from '../format.ts'
import './text.css'

/** Text from outside: never HTML, and with every invisible character written as an escape. */
export function ForeignText({ text, max = 600 }: { readonly text: string; readonly max?: number }) {
  return <>{visibleParts(text, max).map((part) => (part.isEscape ? <span class="escape">{part.text}</span> : part.text))}</>
}

/** One of our own sentences, in which backticks enclose field names. */
export function Prose({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
}
