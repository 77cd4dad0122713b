import { reject, type Rejection, type WarningCode } from '../reasons.ts'
import type { Property } from './command.ts'
import { invisibleHint, isInvisible } from './invisible.ts'
import type { Layout } from './layout.ts'
import { isFormatName } from './names.ts'
import { countCharacters, isLongerThan, kindOf, MAX_NAME_CHARACTERS, numberText, shownName, utf8Bytes } from './text.ts'

/** Kissmetrics adds these to its own exports. */
const EXPORT_COLUMNS: ReadonlySet<string> = new Set(['_c', '_server_timestamp'])

const UNDERSCORE = 0x5f

export interface Properties {
  readonly properties: readonly Property[]
  readonly warnings: readonly WarningCode[]
}

export const NO_PROPERTIES: readonly Property[] = Object.freeze([])
export const NO_WARNINGS: readonly WarningCode[] = Object.freeze([])

/** What is unusual about the name of a property. An export column is skipped. */
export function warningFor(name: string): 'export_column' | 'underscore_name' | undefined {
  if (name.charCodeAt(0) !== UNDERSCORE) return undefined
  return EXPORT_COLUMNS.has(name) ? 'export_column' : 'underscore_name'
}

/** Every name without a meaning in the file format is a property. Properties keep the order of the line. */
export function readProperties({ object, names, lexemes }: Layout): Properties | Rejection {
  let properties: Property[] | undefined
  let warnings: WarningCode[] | undefined
  for (const name of names) {
    if (isFormatName(name)) continue
    const warning = warningFor(name)
    if (warning !== undefined) (warnings ??= []).push(warning)
    if (warning === 'export_column') continue
    const property = readProperty(name, object[name], lexemes?.get(name))
    if (typeof property === 'string') (warnings ??= []).push(property)
    else if ('kind' in property) return property
    else (properties ??= []).push(property)
  }
  return { properties: properties ?? NO_PROPERTIES, warnings: warnings ?? NO_WARNINGS }
}

/** Kissmetrics, technical notes: "8 KB in theory". */
const MAX_VALUE_BYTES = 8_192

/**
 * One property as it is sent, or why it cannot be sent.
 *
 * @param value from JSON.parse
 * @param lexeme the number as written in the line, if JavaScript may have changed it
 * @returns a warning for a property without a value, which is skipped, as Kissmetrics' mobile clients do
 * @see Kissmetrics, technical notes on properties: "we do not support JSON-structured values"
 */
function readProperty(name: string, value: unknown, lexeme: string | undefined): Property | WarningCode | Rejection {
  if (isInvisible(name)) return reject('invalid_property_name', invisibleHint(name))
  if (!name.isWellFormed()) return reject('invalid_unicode', 'in a property name')
  if (isLongerThan(name, MAX_NAME_CHARACTERS)) {
    return reject('invalid_property_name', `${shownName(name)} has ${countCharacters(name)} characters`)
  }
  if (typeof value === 'string') return readText(name, value)
  if (typeof value === 'number') return readNumber(name, value, lexeme)
  if (typeof value === 'boolean') return [name, value ? 'true' : 'false']
  return value === null ? 'empty_property' : reject('nested_property', nestedHint(name, value))
}

function readText(name: string, value: string): Property | WarningCode | Rejection {
  if (value === '') return 'empty_property'
  if (!value.isWellFormed()) return reject('invalid_unicode', `in ${shownName(name)}`)
  // UTF-8 needs at most three bytes per UTF-16 unit, so short texts need no check.
  return value.length * 3 > MAX_VALUE_BYTES ? withinLimit(name, value) : [name, value]
}

function readNumber(name: string, value: number, lexeme: string | undefined): Property | Rejection {
  if (!Number.isFinite(value)) return reject('invalid_property_value', `${shownName(name)} is too large`)
  return withinLimit(name, numberText(value, lexeme))
}

function withinLimit(name: string, value: string): Property | Rejection {
  const bytes = utf8Bytes(value)
  return bytes > MAX_VALUE_BYTES ? reject('property_value_too_long', `${shownName(name)} has ${bytes} bytes`) : [name, value]
}

/** Suggests names with dots, which keep the parts together in the lists of Kissmetrics. */
function nestedHint(name: string, value: unknown): string {
  const parts = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
  const dotted = parts.slice(0, 2).map((part) => shownName(`${name}.${part}`))
  const hint = dotted.length === 0 ? '' : `; write ${dotted.join(' and ')}`
  return `${shownName(name)} is ${kindOf(value)}${hint}`
}
