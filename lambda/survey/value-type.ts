export type ValueType = 'number' | 'text' | 'boolean'

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const NINE = 0x39

/** @see Kissmetrics, technical notes: values are text or numbers, and the text "123" is read as a number */
export function isNumeric(value: string): boolean {
  // Digits, signs and the point have lower codes than letters, so most texts are recognised by their first character.
  return value.charCodeAt(0) <= NINE && NUMBER.test(value)
}

export function typeOf(value: string): ValueType {
  if (isNumeric(value)) return 'number'
  return value === 'true' || value === 'false' ? 'boolean' : 'text'
}
