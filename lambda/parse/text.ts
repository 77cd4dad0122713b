import { visible } from './invisible.ts'

/** Kissmetrics, technical notes: names and identities have at most 255 characters. */
export const MAX_NAME_CHARACTERS = 255

/** Empty or only white space. */
export function isBlank(text: string): boolean {
  const first = text.charCodeAt(0)
  return !(first > 0x20 && first < 0x7f) && text.trim() === ''
}

/** Counts code points: an emoji is one character, although JavaScript counts two. */
export function isLongerThan(text: string, characters: number): boolean {
  return text.length > characters && countCharacters(text) > characters
}

export function countCharacters(text: string): number {
  let count = text.length
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code >= 0xd800 && code <= 0xdbff) count -= 1
  }
  return count
}

/** The size of a well-formed text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x80) continue
    // Each half of a surrogate pair counts 2, so a pair counts its 4 bytes.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2
  }
  return bytes
}

export function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true
  }
  return false
}

const SHOWN_CHARACTERS = 60

/** A property name for a message: quoted, on one line, and cut if it is long, because a broken file may have personal text as a name. */
export function shownName(name: string): string {
  const start = Array.from(name.slice(0, 2 * SHOWN_CHARACTERS))
    .slice(0, SHOWN_CHARACTERS)
    .join('')
  return visible(JSON.stringify(start.length < name.length ? `${start}…` : start))
}

/** The type of a value, for a message that starts with "it is". */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'number') return 'a number'
  return typeof value === 'string' ? 'text' : 'an object'
}

/**
 * A number as it is sent: as JavaScript writes it, or as the line writes it if JavaScript would change it or use an exponent.
 *
 * @param value finite
 * @param lexeme the number as written in the line, if JavaScript may have changed it
 */
export function numberText(value: number, lexeme: string | undefined): string {
  const text = String(value)
  return lexeme === undefined || (isSameNumber(lexeme, text) && !text.includes('e')) ? text : lexeme
}

/** Compares two JSON numbers exactly, in every digit. */
export function isSameNumber(a: string, b: string): boolean {
  const [digitsA, exponentA] = normalized(a)
  const [digitsB, exponentB] = normalized(b)
  return digitsA === digitsB && exponentA === exponentB
}

/** The significant digits with their sign, and the power of ten of the last digit. */
function normalized(number: string): readonly [digits: string, exponent: number] {
  const [mantissa = '', power = '0'] = number.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return ['0', 0]
  const exponent = Number(power) - fraction.length + (digits.length - significant.length)
  return [(mantissa.startsWith('-') ? '-' : '') + significant, exponent]
}
