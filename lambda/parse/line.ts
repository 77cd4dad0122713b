import { reject, type Rejection, type WarningCode } from '../reasons.ts'
import type { Command, Property } from './command.ts'
import { findAliasFault, identityWarnings, isOrdinary, parseAlias, parseEventName, parseIdentity } from './identity.ts'
import { recognizeHalfRenamed, recognizeLayout } from './foreign.ts'
import { explainJsonError } from './json-error.ts'
import { readLayout, type JsonObject, type Layout } from './layout.ts'
import { findNameFault } from './names.ts'
import { unpackedObject } from './objects.ts'
import { readProperties } from './properties.ts'
import { kindOf, shownName } from './text.ts'
import { parseTime, type EpochSeconds } from './time.ts'
import { UsualLines, type UsualLine } from './usual-lines.ts'

export { isBlank } from './text.ts'
export { latestTimeFor } from './time.ts'

/** What import rules make of a line. */
export interface LineChange {
  /** Usually one. None if the rules skip the line. Several if the line was several objects. */
  readonly lines: readonly string[]
  /** The rules that have changed it, for the report. */
  readonly by: readonly string[]
}

/** The import rules of a file. Each returns undefined if it changes nothing. */
export interface LineChanges {
  /** Those that also change valid lines. Absent if there are none, so that valid lines cost nothing. */
  readonly every?: (text: string) => LineChange | undefined
  /** All of them, for a line that is not valid. */
  readonly invalid: (text: string) => LineChange | undefined
}

export interface LineRules {
  /** The latest `_t` that does not count as the future. */
  readonly latestTime: EpochSeconds
  readonly changes?: LineChanges
}

/** A line that can be sent. */
export interface ParsedLine {
  readonly kind: 'parsed'
  /** One or two, in sending order. */
  readonly commands: readonly Command[]
  readonly time: EpochSeconds
  /** One for each part that was skipped or looks unusual. */
  readonly warnings: readonly WarningCode[]
  /** The import rules that have changed the line. */
  readonly changedBy?: readonly string[]
  /** What they have made of it: several lines if it was several objects. Absent if there are none. */
  readonly sentAs?: readonly string[]
}

const usualLines = new UsualLines()

/**
 * Translates a line into commands for Kissmetrics, or rejects it.
 *
 * Never throws, and depends only on its arguments: the same line gets the same result at every replay. Of several errors it reports the
 * first.
 *
 * @param text one line without its line end, not blank
 * @see Kissmetrics, "JSON Files as an External Data Source"
 */
export function parseLine(text: string, rules: LineRules): ParsedLine | Rejection {
  const usual = usualLines.read(text)
  return (usual && parseUsual(usual, rules)) ?? parseAny(text, rules)
}

/** @returns undefined if the line would be rejected */
function parseUsual(line: UsualLine, rules: LineRules): ParsedLine | undefined {
  const isPlain = line.other === undefined && isOrdinary(line.person)
  const person = isPlain ? line.person : parseIdentity(line.person)
  if (typeof person !== 'string') return undefined
  const time = parseTime(line.time, rules.latestTime)
  if (typeof time !== 'number') return undefined
  const event = parseEventName(line.event)
  if (typeof event === 'object') return undefined
  const other = parseAlias(line.other)
  if (typeof other === 'object' || (other !== undefined && findAliasFault(person, other) !== undefined)) return undefined
  const commands = commandsFor(person, time, event, other, line.properties)
  if (commands.length === 0) return undefined
  return { kind: 'parsed', commands, time, warnings: isPlain ? line.warnings : identityWarnings(person, other, line.warnings) }
}

/** As `parseLine`, for any line, and more slowly. Exported to be compared with it. */
export function parseAny(text: string, rules: LineRules): ParsedLine | Rejection {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return reject('invalid_json', explainJsonError(text)) // V8's own message quotes the line
  }
  if (!isObject(value))
    return reject('not_an_object', `it is ${kindOf(value)}${unpackedObject(text) === undefined ? '' : ' that contains JSON'}`)
  const layout = readLayout(text, value)
  return 'duplicate' in layout ? reject('duplicate_name', shownName(layout.duplicate)) : parseObject(layout, rules)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(layout: Layout, rules: LineRules): ParsedLine | Rejection {
  const { object, lexemes } = layout
  const nameFault = findNameFault(layout)
  if (nameFault !== undefined) return nameFault
  const person = parseIdentity(own(object, '_p'), lexemes?.get('_p'))
  if (typeof person !== 'string') return Object.hasOwn(object, '_p') ? person : withLayout(object, person)
  const time = parseTime(own(object, '_t'), rules.latestTime, lexemes?.get('_t'))
  if (typeof time !== 'number') return Object.hasOwn(object, '_t') ? time : withLayout(object, time)
  const event = parseEventName(own(object, '_n'), lexemes?.get('_n'))
  if (typeof event === 'object') return event
  const other = parseAlias(own(object, '_p2'), lexemes?.get('_p2'))
  if (typeof other === 'object') return other
  const aliasFault = other === undefined ? undefined : findAliasFault(person, other)
  if (aliasFault !== undefined) return aliasFault
  const properties = readProperties(layout)
  if ('kind' in properties) return properties
  const warnings = identityWarnings(person, other, properties.warnings)
  const commands = commandsFor(person, time, event, other, properties.properties)
  if (commands.length === 0) return reject('nothing_to_import')
  usualLines.learn(layout.names, object)
  return { kind: 'parsed', commands, time, warnings }
}

/** Says whether the line looks like that of another product. */
function withLayout(object: JsonObject, rejection: Rejection): Rejection {
  const layout = recognizeLayout(object) ?? recognizeHalfRenamed(object)
  return layout === undefined ? rejection : reject(rejection.reason, layout.what)
}

/** Ignores inherited properties: a library may have added some to every object. */
function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** The alias goes last, because Kissmetrics cannot undo it. */
function commandsFor(
  person: string,
  time: EpochSeconds,
  event: string | undefined,
  other: string | undefined,
  properties: readonly Property[],
): Command[] {
  const commands: Command[] = []
  if (event !== undefined) commands.push({ kind: 'record', person, event, time, properties })
  else if (properties.length > 0) commands.push({ kind: 'set', person, time, properties })
  if (other !== undefined) commands.push({ kind: 'alias', person, other, time })
  return commands
}
