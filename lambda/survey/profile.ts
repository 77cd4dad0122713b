import * as v from 'valibot'
import { DAY_SECONDS, usualFirstDay } from './days.ts'
import type { NameUse, SurveyPart } from './part.ts'
import { foldName, normalizeName } from './stored-name.ts'

export const PROFILE_SCHEMA = 'kissmetrics-importer/profile/v1'

/** Shorter files are not compared with others, and nothing is learned from them. */
export const MIN_LINES = 100
const MAX_FILES = 30
const MAX_NAMES = 1_000
/** Types that are kept for each property, and how many values a file must have to say which it is. */
const MAX_TYPES = 10
export const MIN_TYPED_VALUES = 20

/** Days on which files were uploaded: a prefix may have a file each minute, and all of them know what is usual on a Sunday night. */
const MAX_DAYS = 30

/**
 * What the last files of a prefix contained: volumes, and names with their types. No identities and no values.
 *
 * Bounded: 30 files, 30 days, and 1,000 names each of events and of properties.
 */
export interface Profile {
  readonly schema: typeof PROFILE_SCHEMA
  /** The number of files that were learned. */
  readonly learned: number
  /** The last ones, in the order in which they were learned. */
  readonly files: readonly FileProfile[]
  /** The last days on which files were learned, in order. */
  readonly days: readonly DayProfile[]
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

/** All files of one day. */
export interface DayProfile {
  /** The day of the upload, since 1970. */
  readonly day: number
  /** Lines of the smallest and the largest file. */
  readonly least: number
  readonly most: number
  /** The earliest `firstDay` of a file. */
  readonly firstDay?: number
}

export interface NameProfile {
  /** As the last file wrote it. */
  readonly name: string
  /** The number of the last file with it, counted like `learned`. */
  readonly last: number
  /** Of a property, in the last files: `n` if its values were numbers, `t` if they were text, `m` if both. One in a hundred may differ. */
  readonly types?: string
}

const Names = v.array(v.looseObject({ name: v.string(), last: v.number(), types: v.exactOptional(v.string()) }))
const StoredProfile = v.looseObject({
  schema: v.literal(PROFILE_SCHEMA),
  learned: v.number(),
  files: v.array(
    v.looseObject({ at: v.string(), lines: v.number(), firstDay: v.exactOptional(v.number()), newNames: v.number() }),
  ),
  days: v.array(v.looseObject({ day: v.number(), least: v.number(), most: v.number(), firstDay: v.exactOptional(v.number()) })),
  events: Names,
  properties: Names,
})

/** @returns undefined for anything that this version cannot read. Without a profile, the rules that need one find nothing. */
export function parseProfile(value: unknown): Profile | undefined {
  const { success, output } = v.safeParse(StoredProfile, value)
  return success ? output : undefined
}

/**
 * Adds a file. The caller learns files that were imported, not those that were discarded.
 *
 * @param at when the file was uploaded, ISO 8601: so that a file is not learned twice
 */
export function learn(profile: Profile | undefined, survey: SurveyPart, at: string): Profile {
  const before = profile ?? { schema: PROFILE_SCHEMA, learned: 0, files: [], days: [], events: [], properties: [] }
  const lines = linesOf(survey)
  if (lines < MIN_LINES || before.files.some((file) => file.at === at && file.lines === lines)) return before
  const number = before.learned + 1
  const firstDay = usualFirstDay(survey.days)
  const newNames =
    newNamesIn(survey.events.list, before.events).length + newNamesIn(survey.properties.list, before.properties).length
  const file: FileProfile = { at, lines, newNames, ...(firstDay !== undefined && { firstDay }) }
  return {
    ...before,
    learned: number,
    files: [...before.files, file].slice(-MAX_FILES),
    days: learnDay(before.days, file),
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
  const names = new Set(known.map(({ name }) => knownAs(name)))
  return list.filter(({ name }) => {
    const key = knownAs(name)
    if (names.has(key)) return false
    names.add(key)
    return true
  })
}

/** @returns undefined if there are too few values */
function typeIn({ uses, numbers }: NameUse): 'n' | 't' | 'm' | undefined {
  if (uses < MIN_TYPED_VALUES) return undefined
  if (numbers * 100 <= uses) return 't'
  return (uses - numbers) * 100 <= uses ? 'n' : 'm'
}

function learnDay(days: readonly DayProfile[], { at, lines, firstDay = Infinity }: FileProfile): readonly DayProfile[] {
  const day = Math.floor(Date.parse(at) / (DAY_SECONDS * 1000))
  const before = days.find((known) => known.day === day)
  const earliest = Math.min(firstDay, before?.firstDay ?? Infinity)
  const learned: DayProfile = {
    ...before,
    day,
    least: Math.min(lines, before?.least ?? lines),
    most: Math.max(lines, before?.most ?? lines),
    ...(earliest < Infinity && { firstDay: earliest }),
  }
  const others = days.filter((known) => known !== before)
  return [...others, learned].sort((a, b) => a.day - b.day).slice(-MAX_DAYS)
}

function learnNames(
  known: readonly NameProfile[],
  list: readonly NameUse[],
  number: number,
  typeOf: (use: NameUse) => string | undefined,
): readonly NameProfile[] {
  const names = new Map(known.map((name) => [knownAs(name.name), name]))
  // The names of this file go to the end, the most frequent last. So those that were not used for the longest time are forgotten first.
  for (const use of list.toSorted((a, b) => a.uses - b.uses)) {
    const key = knownAs(use.name)
    const before = names.get(key)
    const type = typeOf(use)
    const types = type === undefined ? before?.types : `${before?.types ?? ''}${type}`.slice(-MAX_TYPES)
    names.delete(key)
    names.set(key, { ...before, name: use.name, last: number, ...(types !== undefined && { types }) })
  }
  return [...names.values()].slice(-MAX_NAMES)
}
