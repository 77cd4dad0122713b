import { reject, type Rejection, type WarningCode } from '../reasons.ts'
import type { Property } from './command.ts'
import type { Member } from './members.ts'
import { isLongerThan, MAX_NAME_CHARACTERS, shownName, utf8Bytes } from './text.ts'

/** Kissmetrics, technical notes: "8 KB in theory". */
const MAX_VALUE_BYTES = 8_192

/**
 * One property as it is sent, or what is wrong with it.
 *
 * @returns a warning where it is left out: no value is no information, and Kissmetrics' mobile clients leave it out as well
 * @see Kissmetrics, technical notes on properties: "we do not support JSON-structured values"
 */
export function readProperty({ name, value, lexeme }: Member): Property | WarningCode | Rejection {
  if (name === '') return reject('invalid_property_name', 'it is empty')
  if (!name.isWellFormed()) return reject('invalid_unicode', 'in the name of a property')
  if (isLongerThan(name, MAX_NAME_CHARACTERS)) return reject('invalid_property_name', `${shownName(name)} is too long`)
  switch (typeof value) {
    case 'string':
      return readText(name, value)
    case 'number':
      return readNumber(name, value, lexeme)
    case 'boolean':
      return [name, String(value)]
    default:
      return value === null ? 'empty_property' : reject('nested_property', nestedHint(name, value))
  }
}

function readText(name: string, value: string): Property | WarningCode | Rejection {
  if (value === '') return 'empty_property'
  if (!value.isWellFormed()) return reject('invalid_unicode', `in ${shownName(name)}`)
  // A character has three bytes at most for each unit of its text, so short texts need no count.
  if (value.length * 3 > MAX_VALUE_BYTES && utf8Bytes(value) > MAX_VALUE_BYTES) {
    return reject('property_value_too_long', `${shownName(name)} has ${utf8Bytes(value)} bytes`)
  }
  return [name, value]
}

/** As JavaScript writes it, or as the line does where JavaScript would have changed it. */
function readNumber(name: string, value: number, lexeme: string | undefined): Property | Rejection {
  if (!Number.isFinite(value)) return reject('invalid_property_value', `${shownName(name)} is too large for a number`)
  const text = lexeme === undefined || isSameNumber(lexeme, String(value)) ? String(value) : lexeme
  if (text.length > MAX_VALUE_BYTES) return reject('property_value_too_long', `${shownName(name)} has ${text.length} bytes`)
  return [name, text]
}

/** Whether two JSON numbers are the same in every digit. */
function isSameNumber(a: string, b: string): boolean {
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

/** Dotted names are a way out that keeps the parts together in Kissmetrics' lists. */
function nestedHint(name: string, value: unknown): string {
  const parts = Array.isArray(value) || value === null ? [] : Object.keys(value as object)
  const dotted = parts.slice(0, 2).map((part) => shownName(`${name}.${part}`))
  return dotted.length === 0 ? shownName(name) : `${shownName(name)}; it could be ${dotted.join(' and ')}`
}
