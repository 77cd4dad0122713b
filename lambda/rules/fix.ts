import { SetupError } from '../errors.ts'
import { lift, splitObjects, takeList, unpack } from './fixes/layouts.ts'
import { dropProperty, renameProperty } from './fixes/names.ts'
import { decodeOctal, removeBom, trim } from './fixes/texts.ts'
import { datesToSeconds, isZone, toSeconds } from './fixes/times.ts'

/** A correction of a common mistake, applied to all lines. */
export interface Fix {
  /** As the user typed it. */
  readonly name: string
  /**
   * Returns the corrected text: one line, or several with line ends between them. Everything else stays unchanged, character by character,
   * and nothing is guessed: a line that the fix is not sure about stays as it is.
   */
  readonly apply: (text: string) => string
  /** Whether it is about where the objects of a file begin and end. */
  readonly isOfFile: boolean
}

const OF_FILES: ReadonlySet<string> = new Set(['split-objects', 'array', 'list'])

export const FIXES_HELP =
  'ms-timestamps, dates, dates:ZONE, trim, bom, octal, unpack, split-objects, array, list:NAME, lift:NAME, rename:OLD=NEW or drop:NAME'

/** What each fix does, for the help on 80 columns. */
export const FIXES_TEXT = `Fixes:
  ms-timestamps    _t in milliseconds becomes seconds
  dates            _t as a date becomes seconds, if it has a time zone
  dates:ZONE       the same for dates without one, e.g. dates:UTC, dates:+01:00
  trim             removes spaces around names and values
  bom              removes the invisible mark at the start of a file
  octal            turns \\303\\251 into é
  unpack           a line that is a text with an object in it becomes the object
  split-objects    several objects on one line become lines of their own
  array, list:NAME the objects in a list become lines of their own
  lift:NAME        moves what is in the object NAME up into the line
  rename:OLD=NEW   renames a property
  drop:NAME        removes a property`

const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ['dates', 'a time zone, for example dates:UTC or dates:+01:00'],
  ['list', 'the name of the list, for example list:events'],
  ['lift', 'the name of the inner object, for example lift:properties'],
  ['rename', 'the old and the new name, for example rename:email=_p'],
  ['drop', 'the name of the property, for example drop:comment'],
])

/** @throws SetupError if the fix is unknown */
export function readFix(name: string): Fix {
  const [, kind = '', argument = ''] = /^([a-z-]+)(?::(.*))?$/s.exec(name) ?? []
  const apply = argument === '' && !name.includes(':') ? simpleFix(kind) : argument === '' ? undefined : fixWith(kind, argument)
  if (apply === undefined) throw new SetupError(`--fix is "${name}": expected ${EXAMPLES.get(kind) ?? FIXES_HELP}.`)
  return { name, apply, isOfFile: OF_FILES.has(kind) }
}

function simpleFix(kind: string): Fix['apply'] | undefined {
  switch (kind) {
    case 'ms-timestamps':
      return toSeconds
    case 'dates':
      return (text) => datesToSeconds(text)
    case 'trim':
      return trim
    case 'bom':
      return removeBom
    case 'octal':
      return decodeOctal
    case 'unpack':
      return unpack
    case 'split-objects':
    case 'array':
      return splitObjects
    case 'list':
      return (text) => takeList(text, '')
    default:
      return undefined
  }
}

function fixWith(kind: string, argument: string): Fix['apply'] | undefined {
  const [from = '', to = ''] = argument.split('=', 2)
  switch (kind) {
    case 'dates':
      return isZone(argument) ? (text) => datesToSeconds(text, argument) : undefined
    case 'list':
      return (text) => takeList(text, argument)
    case 'lift':
      return (text) => lift(text, argument)
    case 'rename':
      return from !== '' && to !== '' ? (text) => renameProperty(text, from, to) : undefined
    case 'drop':
      return (text) => dropProperty(text, argument)
    default:
      return undefined
  }
}
