import { usualFirstDay } from './days.ts'
import type { NameUse, SurveyPart } from './part.ts'
import { foldName, normalizeName } from './stored-name.ts'

export const PROFILE_SCHEMA = 'kissmetrics-importer/profile/v1'

/** Shorter files are not compared with others, and nothing is learned from them. */
export const MIN_LINES = 100
const MAX_FILES = 30
const MAX_NAMES = 1_000
/** Types that are kept for each property, and how many values a file must have to say which it is. */
const MAX_TYPES = 10
const MIN_TYPED_VALUES = 20

/**
 * What the last files of a prefix contained: volumes, and names with their types. No identities and no values.
 *
 * Bounded: 30 files, and 1,000 names each of events and of properties.
 */
export interface Profile {
  readonly schema: typeof PROFILE_SCHEMA
  /** The number of files that were learned. */
  readonly learned: number
  /** The last ones, in the order in which they were learned. */
  readonly files: readonly FileProfile[]
  readonly events: readonly NameProfile[]
  readonly properties: readonly NameProfile[]
}

export interface FileProfile {
  /** ISO 8601. */
  readonly at: string
  /** Lines that are not blank. */
  readonly lines: number
  /** Days since 1970; missing if no line was valid. @see usualFirstDay */
  readonly firstDay?: number
  /** Names that no earlier file had. */
  readonly newNames: number
}

export interface NameProfile {
  /** As Kissmetrics stores it, in lower case. */
  readonly name: string
  /** The number of the last file with it, counted like `learned`. */
  readonly last: number
  /** Of a property, in the last files: `n` if all values were numbers, `t` if none was, `m` if some were. */
  readonly types?: string
}

/**
 * Adds a file. The caller learns files that were imported, not those that were discarded.
 *
 * @param at when the file was uploaded, ISO 8601: the same file is not learned twice in a row
 */
export function learn(profile: Profile | undefined, survey: SurveyPart, at: string): Profile {
  const before = profile ?? { schema: PROFILE_SCHEMA, learned: 0, files: [], events: [], properties: [] }
  const lines = linesOf(survey)
  const last = before.files.at(-1)
  if (lines < MIN_LINES || (last?.at === at && last.lines === lines)) return before
  const number = before.learned + 1
  const firstDay = usualFirstDay(survey.days)
  const newNames =
    newNamesIn(survey.events.list, before.events).length + newNamesIn(survey.properties.list, before.properties).length
  const file: FileProfile = { at, lines, newNames, ...(firstDay !== undefined && { firstDay }) }
  return {
    ...before,
    learned: number,
    files: [...before.files, file].slice(-MAX_FILES),
    events: learnNames(before.events, survey.events.list, number, () => undefined),
    properties: learnNames(before.properties, survey.properties.list, number, typeIn),
  }
}

/** Lines that are not blank. */
export function linesOf({ lines }: SurveyPart): number {
  return lines.valid + lines.rejected
}

/** The name by which Kissmetrics distinguishes it from others. */
export function knownAs(name: string): string {
  return foldName(normalizeName(name))
}

/** The names that are not known yet, each once. */
export function newNamesIn(list: readonly NameUse[], known: readonly NameProfile[]): readonly NameUse[] {
  const names = new Set(known.map(({ name }) => name))
  return list.filter(({ name }) => {
    const key = knownAs(name)
    if (names.has(key)) return false
    names.add(key)
    return true
  })
}

/** @returns undefined if there are too few values */
export function typeIn({ uses, numbers }: NameUse): 'n' | 't' | 'm' | undefined {
  if (uses < MIN_TYPED_VALUES) return undefined
  if (numbers === 0) return 't'
  return numbers === uses ? 'n' : 'm'
}

function learnNames(
  known: readonly NameProfile[],
  list: readonly NameUse[],
  number: number,
  typeOf: (use: NameUse) => string | undefined,
): readonly NameProfile[] {
  const names = new Map(known.map((name) => [name.name, name]))
  for (const use of [...list].sort((a, b) => a.uses - b.uses)) {
    const name = knownAs(use.name)
    const before = names.get(name)
    const type = typeOf(use)
    const types = type === undefined ? before?.types : `${before?.types ?? ''}${type}`.slice(-MAX_TYPES)
    names.delete(name) // the names of this file go to the end, the most frequent last
    names.set(name, { ...before, name, last: number, ...(types !== undefined && { types }) })
  }
  return [...names.values()].slice(-MAX_NAMES)
}
