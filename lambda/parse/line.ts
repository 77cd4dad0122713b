import { reject, type Rejection, type WarningCode } from '../reasons.ts'
import type { Command, Property } from './command.ts'
import { parseAlias, parseEventName, parseIdentity } from './identity.ts'
import { explainJsonError } from './json-error.ts'
import { readMembers, type Member } from './members.ts'
import { readProperty } from './properties.ts'
import { shownName } from './text.ts'
import { parseTime, type EpochSeconds } from './time.ts'

export { latestTimeFor } from './time.ts'

export interface LineRules {
  /** Latest `_t` that is not "in the future". */
  readonly latestTime: EpochSeconds
}

/** A line that can be sent. */
export interface ParsedLine {
  readonly kind: 'parsed'
  /** One or two, in the order in which they are sent. */
  readonly commands: readonly Command[]
  readonly time: EpochSeconds
  readonly warnings: readonly WarningCode[]
}

/** Nothing, or only white space: counted, not rejected. */
export function isBlank(text: string): boolean {
  return text === '' || (text.charCodeAt(0) <= 0x20 && text.trim() === '')
}

/**
 * What a line means to Kissmetrics, or why it means nothing.
 *
 * Never throws, whatever the text, and looks at nothing but its arguments: the same line gives the same answer at every replay.
 *
 * @param text one line without its line end, not blank
 * @see Kissmetrics, "JSON Files as an External Data Source"
 */
export function parseLine(text: string, rules: LineRules): ParsedLine | Rejection {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return reject('invalid_json', explainJsonError(text)) // V8's own message quotes the line
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return reject('not_an_object', kindOf(value))
  const object = value as Readonly<Record<string, unknown>>
  const members = readMembers(text, object)
  if ('duplicate' in members) return reject('duplicate_name', shownName(members.duplicate))
  return parseMembers(members, object, rules)
}

const NO_WARNINGS: readonly WarningCode[] = Object.freeze([])
const NO_PROPERTIES: readonly Property[] = Object.freeze([])

function parseMembers(members: readonly Member[], object: Readonly<Record<string, unknown>>, rules: LineRules): ParsedLine | Rejection {
  const reserved = findReserved(members)
  if (reserved !== undefined) return reserved
  const person = parseIdentity(own(object, '_p'))
  if (typeof person !== 'string') return person
  const time = parseTime(own(object, '_t'), rules.latestTime)
  if (typeof time !== 'number') return time
  const event = parseEventName(own(object, '_n'))
  if (typeof event === 'object') return event
  const other = parseAlias(own(object, '_p2'))
  if (typeof other === 'object') return other
  if (other === person) return reject('alias_to_itself')
  let properties: Property[] | undefined
  let warnings: WarningCode[] | undefined
  for (const member of members) {
    const { name } = member
    if (name.charCodeAt(0) === UNDERSCORE) {
      if (OUR_NAMES.has(name)) continue
      ;(warnings ??= []).push(EXPORT_COLUMNS.has(name) ? 'export_column' : 'underscore_name')
      if (EXPORT_COLUMNS.has(name)) continue
    }
    const property = readProperty(member)
    if (typeof property === 'string') (warnings ??= []).push(property)
    else if ('kind' in property) return property
    else (properties ??= []).push(property)
  }
  const commands = commandsFor(person, time, event, other, properties)
  if (commands.length === 0) return reject('nothing_to_import')
  return { kind: 'parsed', commands, time, warnings: warnings ?? NO_WARNINGS }
}

const UNDERSCORE = 0x5f
/** What the file format gives a meaning to, and `_d`, which has been looked at by then. */
const OUR_NAMES: ReadonlySet<string> = new Set(['_p', '_t', '_n', '_p2', '_d'])
/** Kissmetrics adds these to its own exports. */
const EXPORT_COLUMNS: ReadonlySet<string> = new Set(['_c', '_server_timestamp'])
/** `_d=1` is sent with every line anyway: it has Kissmetrics use the line's own time. */
const USUAL_D: ReadonlySet<unknown> = new Set([0, 1, '0', '1'])

/**
 * A line may not say to which product it goes, nor replace what the importer itself sends. Names are not case sensitive at
 * Kissmetrics, so `_K` may not either.
 */
function findReserved(members: readonly Member[]): Rejection | undefined {
  for (const { name, value } of members) {
    if (name.charCodeAt(0) !== UNDERSCORE || name.length > 3) continue
    if (name === '_d') {
      if (!USUAL_D.has(value)) return reject('reserved_name', '"_d" may only be 0 or 1')
    } else if (!OUR_NAMES.has(name) && (name === '_k' || RESERVED_IN_CAPITALS.has(name))) {
      return reject('reserved_name', shownName(name))
    }
  }
  return undefined
}

const RESERVED_IN_CAPITALS: ReadonlySet<string> = new Set(['_K', '_P', '_N', '_T', '_D', '_P2'])

/** Not what the object inherits: a line without `_p` has none, whatever a library may have put on every object. */
function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** What cannot be undone goes last. */
function commandsFor(
  person: string,
  time: EpochSeconds,
  event: string | undefined,
  other: string | undefined,
  properties: readonly Property[] = NO_PROPERTIES,
): Command[] {
  const commands: Command[] = []
  if (event !== undefined) commands.push({ kind: 'record', person, event, time, properties })
  else if (properties.length > 0) commands.push({ kind: 'set', person, time, properties })
  if (other !== undefined) commands.push({ kind: 'alias', person, other, time })
  return commands
}

function kindOf(value: unknown): string {
  if (value === null) return 'it is null'
  if (Array.isArray(value)) return 'it is a list'
  return typeof value === 'boolean' ? 'it is true or false' : `it is a ${typeof value}`
}
