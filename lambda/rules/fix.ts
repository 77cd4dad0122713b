import { SetupError } from '../errors.ts'
import { isKind, KINDS, type Effect, type Kind, type KindName } from './kinds.ts'

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

/** Filters leave lines out, and a fix never does. */
const FILTERS: ReadonlySet<KindName> = new Set(['skip', 'keep'])

const FIX_KINDS = (Object.entries(KINDS) as [KindName, Kind][]).filter(([name]) => !FILTERS.has(name)).map(([, kind]) => kind)

/** The reader of the file does this: it makes lines of the rows. It is not a rule, because files in the documented layout need none. */
export const ROWS_TO_LINES = 'csv'

export const FIXES_HELP = [ROWS_TO_LINES, ...FIX_KINDS.map(({ usage }) => usage)].join(', ').replace(/, ([^,]+)$/, ' or $1')

/** What each fix does, for the help on 80 columns. */
export const FIXES_TEXT = `Fixes:
  csv              the rows of a CSV file become lines, whatever separates cells
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
  flatten          nested objects become properties with dotted names
  join             a list of texts and numbers becomes one text
  rename:OLD=NEW   renames a property
  drop:NAME        removes a property
  default:NAME=VALUE
                   adds a property to lines that do not have it
  number:NAME      an amount that is written as text becomes a number
  hash:NAME        replaces a value by its SHA-256`

/** A fix or rule, as it is written. */
export interface ReadKind {
  readonly kindName: KindName
  readonly kind: Kind
  /** What follows the colon. */
  readonly argument: string | undefined
  readonly effect: Effect
}

/** @returns what is expected, if there is no such fix or rule */
export function readKind(name: string): ReadKind | { readonly expected: string | undefined } {
  const [, kindName = '', argument] = /^([a-z-]+)(?::(.*))?$/s.exec(name) ?? []
  if (!isKind(kindName)) return { expected: undefined }
  const kind: Kind = KINDS[kindName]
  const effect = kind.effect(argument)
  return effect === undefined ? { expected: kind.needs } : { kindName, kind, argument, effect }
}

/** @throws SetupError if the fix is unknown */
export function readFix(name: string): Fix {
  if (name === ROWS_TO_LINES) return { name, apply: (text) => text, isOfFile: false }
  const read = readKind(name)
  if ('expected' in read) throw new SetupError(`--fix is "${name}": expected ${read.expected ?? FIXES_HELP}.`)
  const { effect, kind } = read
  if (effect.kind === 'filter')
    throw new SetupError(
      `--fix is "${name}": that is a rule, not a fix, because it leaves lines out. Use: npx km-import rules add PREFIX ${name}`,
    )
  return { name, apply: effect.apply, isOfFile: kind.isOfFile === true }
}
