/** Kissmetrics, technical notes: names and identities have at most 255 characters. */
export const MAX_NAME_CHARACTERS = 255

/** Nothing, or only white space. */
export function isBlank(text: string): boolean {
  const first = text.charCodeAt(0)
  return !(first > 0x20 && first < 0x7f) && text.trim() === ''
}

/** Whether the text has more characters than the limit; a character outside of the basic plane is one, though JavaScript counts two. */
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

/** Bytes of a well-formed text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x80) continue
    // Each half of a pair counts two, which makes the four bytes that the pair has.
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

/** The name of a property for a sentence: quoted, on one line, and cut where it is long, for an odd name may be a personal text. */
export function shownName(name: string): string {
  const start = Array.from(name.slice(0, 2 * SHOWN_CHARACTERS))
    .slice(0, SHOWN_CHARACTERS)
    .join('')
  return JSON.stringify(start.length < name.length ? `${start}…` : start)
}

/** What kind of value it is, for a sentence that begins with "it is". */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'number') return 'a number'
  return typeof value === 'string' ? 'text' : 'an object'
}

/**
 * A number as it is sent: as JavaScript writes it, or as the line does where that would be another number or have an exponent.
 *
 * @param value finite
 * @param lexeme the number as the line writes it, where JavaScript may have changed it
 */
export function numberText(value: number, lexeme: string | undefined): string {
  const text = String(value)
  return lexeme === undefined || (isSameNumber(lexeme, text) && !text.includes('e')) ? text : lexeme
}

/** Whether two numbers of JSON are the same in every digit. */
export function isSameNumber(a: string, b: string): boolean {
  const [digitsA, exponentA] = normalized(a)
  const [digitsB, exponentB] = normalized(b)
  return digitsA === digitsB && exponentA === exponentB
}

/** The significant digits with their sign, and the power of ten of the last of them. */
function normalized(number: string): readonly [digits: string, exponent: number] {
  const [mantissa = '', power = '0'] = number.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return ['0', 0]
  const exponent = Number(power) - fraction.length + (digits.length - significant.length)
  return [(mantissa.startsWith('-') ? '-' : '') + significant, exponent]
}
