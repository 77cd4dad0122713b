import { foldName, normalizeName } from '../../lambda/survey/stored-name.ts'
import { decodeParameters, type Parameter } from './parameters.ts'

/** A request in the terms of Kissmetrics' API. */
export type ParsedRequest = RecordCommand | SetCommand | AliasCommand | Ignored

export interface RecordCommand {
  readonly kind: 'record'
  readonly person: string
  readonly event: string
  readonly time: Time
  readonly properties: Properties
}

export interface SetCommand {
  readonly kind: 'set'
  readonly person: string
  readonly time: Time
  readonly properties: Properties
}

/** Two identities are one person. It has no time: it applies to past and future events. */
export interface AliasCommand {
  readonly kind: 'alias'
  readonly person: string
  readonly other: string
}

/** Kissmetrics answers 200, as to everything, but stores nothing. */
export interface Ignored {
  readonly kind: 'ignored'
  readonly why: string
}

export interface Time {
  /** Seconds since 1970. */
  readonly seconds: number
  /** Whether `_t` was ignored because `_d=1` is missing. */
  readonly isTimeIgnored: boolean
}

/** In the order of the request. Of names that differ only in case, the first one is kept. */
export type Properties = readonly Parameter[]

/** Kissmetrics, "Technical notes": nothing before 2009 is stored. */
const YEAR_2009 = 1_230_768_000
/** Kissmetrics, "Technical notes": names and identities up to 255 characters, values up to 8 KB. */
const MAX_NAME_CHARACTERS = 255
const MAX_VALUE_BYTES = 8_192

/**
 * Interprets a request as Kissmetrics would.
 *
 * @param path `/e`, `/s` or `/a`
 * @param encoded the parameters, from the query or the form
 * @param now seconds since 1970: the time that Kissmetrics uses if `_d=1` is missing
 * @see Kissmetrics, "API specifications"
 */
export function parseRequest(path: string, encoded: string, now: number): ParsedRequest {
  const parameters = decodeParameters(encoded)
  if (parameters === undefined) return ignored('the parameters are not URL-encoded UTF-8')
  const reserved = new Map(parameters.filter(([name]) => RESERVED_PARAMETERS.has(name)).toReversed()) // the first value of a name wins
  const given = (name: string): string => reserved.get(name) ?? ''

  if (given('_k') === '') return ignored('no API key (_k)')
  const person = normalizeName(given('_p'))
  if (isBlank(person)) return ignored('no person (_p)')
  if (isTooLong(person)) return ignored('a person (_p) of more than 255 characters')
  const name = normalizeName(given('_n'))
  if (isTooLong(name)) return ignored('a name (_n) of more than 255 characters')

  if (path === '/a') {
    if (isBlank(name)) return ignored('no other identity (_n)')
    return name === person ? ignored('both identities are the same') : { kind: 'alias', person, other: name }
  }
  const time = timeOf(given, now)
  if (typeof time === 'string') return ignored(time)
  const properties = propertiesOf(parameters)
  if (typeof properties === 'string') return ignored(properties)
  if (path === '/e') return isBlank(name) ? ignored('no event (_n)') : { kind: 'record', person, event: name, time, properties }
  return properties.length === 0 ? ignored('no property') : { kind: 'set', person, time, properties }
}

const RESERVED_PARAMETERS = new Set(['_k', '_p', '_n', '_t', '_d'])

function isBlank(text: string): boolean {
  return text.trim() === ''
}

/** @returns the time, or why the request is ignored */
function timeOf(given: (name: string) => string, now: number): Time | string {
  const text = given('_t')
  if (given('_d') !== '1') return { seconds: now, isTimeIgnored: text !== '' }
  if (!/^\d{1,12}$/.test(text)) return 'a time (_t) that is not in whole seconds'
  const seconds = Number(text)
  return seconds < YEAR_2009 ? 'a time (_t) before 2009' : { seconds, isTimeIgnored: false }
}

/** @returns the properties, or why the request is ignored */
function propertiesOf(parameters: readonly Parameter[]): Properties | string {
  const properties = new Map<string, Parameter>()
  for (const [encodedName, value] of parameters) {
    if (RESERVED_PARAMETERS.has(encodedName)) continue
    const name = normalizeName(encodedName)
    if (name === '') return 'a property without a name'
    if (isTooLong(name)) return 'a property name of more than 255 characters'
    if (value.length > MAX_VALUE_BYTES / 3 && Buffer.byteLength(value) > MAX_VALUE_BYTES)
      return 'a property value of more than 8,192 bytes'
    const folded = foldName(name)
    if (!properties.has(folded)) properties.set(folded, [name, value])
  }
  return [...properties.values()]
}

function isTooLong(text: string): boolean {
  return text.length > MAX_NAME_CHARACTERS && Array.from(text).length > MAX_NAME_CHARACTERS
}

function ignored(why: string): Ignored {
  return { kind: 'ignored', why }
}

/**
 * Two events with the same key are duplicates: same person, event, second, properties and values. Kissmetrics keeps only the first.
 *
 * @see Kissmetrics, "Detecting duplicates"
 */
export function duplicateKey({ person, event, time, properties }: RecordCommand): string {
  const sorted = properties.map(([name, value]) => [foldName(name), value] as const).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([person, foldName(event), time.seconds, sorted])
}
