import { REASONS } from '../reasons.ts'
import { shownName } from '../parse/text.ts'
import type { HoldSettings } from '../settings.ts'
import { DAY_SECONDS } from './days.ts'
import { groupSizes } from './encode-groups.ts'
import type { Hold } from './hold-rules.ts'
import type { NameUse, SurveyPart } from './part.ts'
import { knownAs, linesOf, MIN_LINES, newNamesIn, type NameProfile, type Profile } from './profile.ts'
import { meaningOf } from './twins.ts'

export interface HoldContext {
  /** Fixed lines that a person sends again. Only what cannot be undone holds them. */
  readonly isReplay: boolean
}

/**
 * Finds the reasons for which a person should decide before the first line of a file is sent.
 *
 * @param profile of the earlier files with the same prefix; undefined if there are none
 * @returns none if the file can be imported
 */
export function findHolds(
  survey: SurveyPart,
  profile: Profile | undefined,
  settings: HoldSettings,
  { isReplay }: HoldContext,
): readonly Hold[] {
  // Such a file is rejected as a whole. One that breaks off is not: its first lines are sent.
  if (survey.refused !== undefined && survey.refused !== 'object_unreadable') return []
  const merges = settings.aliases === 0 ? [] : findMerges(survey, settings.aliases)
  if (isReplay || linesOf(survey) < MIN_LINES) return merges
  return [...merges, ...findRejected(survey, settings), ...(profile === undefined ? [] : findUnusual(survey, profile, settings))]
}

const COUNT = new Intl.NumberFormat('en-US')

function findMerges({ aliases }: SurveyPart, limit: number): readonly Hold[] {
  const holds: Hold[] = []
  const groups = [...groupSizes(aliases.groups)].filter(({ identities }) => identities - 1 > limit)
  const largest = aliases.largest
  if (largest !== undefined && largest.identities - 1 > limit) {
    const others = groups.length > 1 ? `, and ${COUNT.format(groups.length - 1)} other people from more than ${limit}` : ''
    holds.push({
      rule: 'merged_people',
      detail: `${COUNT.format(largest.identities)} identities would become one person${others}. The first of these aliases is on line ${COUNT.format(largest.first)}.`,
      line: largest.first,
    })
  }
  if (aliases.firstPlaceholder !== undefined)
    holds.push({
      rule: 'merged_placeholder',
      detail: `${COUNT.format(aliases.placeholders)} aliases merge a person with a placeholder. The first is on line ${COUNT.format(aliases.firstPlaceholder)}.`,
      line: aliases.firstPlaceholder,
    })
  if (!aliases.isComplete)
    holds.push({
      rule: 'too_many_aliases',
      detail: `The file has ${COUNT.format(aliases.commands)} aliases. Only files with at most a million identities in them can be checked.`,
    })
  return holds
}

/** Fewer rejected lines than this share are ordinary, even in a very large file. */
const ORDINARY_PERCENT = 2
/** So many times the limit is not ordinary, whatever the share. */
const EXTREME_FACTOR = 100

function findRejected(survey: SurveyPart, { rejectedPercent, sameReasonLines }: HoldSettings): readonly Hold[] {
  const holds: Hold[] = []
  const lines = linesOf(survey)
  const { rejected } = survey.lines
  const byLines = survey.rejections.toSorted((a, b) => b.lines - a.lines)
  if (rejectedPercent > 0 && rejected * 100 > rejectedPercent * lines) {
    const [most] = byLines
    const usual =
      most === undefined
        ? ''
        : ` The most frequent reason: ${REASONS[most.reason].means}, first on line ${COUNT.format(most.first)}.`
    holds.push({
      rule: 'rejected_lines',
      detail: `${COUNT.format(rejected)} of ${COUNT.format(lines)} lines would be rejected (${percent(rejected, lines)}).${usual}`,
      ...(most !== undefined && { line: most.first }),
    })
  }
  for (const { reason, lines: same, first } of byLines) {
    const isMany = same > sameReasonLines && same * 100 > ORDINARY_PERCENT * lines
    if (sameReasonLines > 0 && (isMany || same > EXTREME_FACTOR * sameReasonLines))
      holds.push({
        rule: 'same_reason',
        detail: `${COUNT.format(same)} lines would be rejected for the same reason: ${REASONS[reason].means}. The first is line ${COUNT.format(first)}.`,
        line: first,
      })
  }
  return holds
}

/** Files that are needed to say which names, types and volumes are usual. */
const MIN_FILES_FOR_NAMES = 3
const MIN_FILES_FOR_VOLUME = 5

function findUnusual(survey: SurveyPart, profile: Profile, settings: HoldSettings): readonly Hold[] {
  const holds: Hold[] = []
  if (profile.files.length >= MIN_FILES_FOR_NAMES)
    holds.push(
      ...findNewNames(survey, profile, settings),
      ...findSimilar(survey, profile, settings),
      ...findTypes(survey, profile, settings),
    )
  if (profile.files.length >= MIN_FILES_FOR_VOLUME)
    holds.push(...findVolume(survey, profile, settings), ...findOlder(survey, profile, settings))
  return holds
}

/** A prefix whose files always have new names, e.g. one for each page, is not held for as many as usual. */
const USUAL_NEW_NAMES_FACTOR = 3

function findNewNames({ events, properties }: SurveyPart, profile: Profile, { newNames }: HoldSettings): readonly Hold[] {
  const newEvents = newNamesIn(events.list, profile.events)
  const newProperties = newNamesIn(properties.list, profile.properties)
  const found = [...newEvents, ...newProperties]
  const usual = median(profile.files.slice(1).map((file) => file.newNames))
  if (newNames === 0 || found.length <= Math.max(newNames, USUAL_NEW_NAMES_FACTOR * usual)) return []
  const [first] = found.toSorted((a, b) => a.first - b.first)
  const example = first === undefined ? '' : `, for example ${shownName(first.name)} on line ${COUNT.format(first.first)}`
  return [
    {
      rule: 'new_names',
      detail: `${COUNT.format(newEvents.length)} event names and ${COUNT.format(newProperties.length)} property names are new${example}.`,
      ...(first !== undefined && { line: first.first }),
    },
  ]
}

function findSimilar({ events, properties }: SurveyPart, profile: Profile, { similarNames }: HoldSettings): readonly Hold[] {
  const found = [...twinsOf(events.list, profile.events), ...twinsOf(properties.list, profile.properties)]
  if (similarNames === 0 || found.length < similarNames) return []
  return found.map(({ use, known }) => ({
    rule: 'similar_names',
    detail: `${shownName(use.name)} is new, and earlier files have ${shownName(known)}. The first is on line ${COUNT.format(use.first)}.`,
    line: use.first,
  }))
}

function twinsOf(list: readonly NameUse[], known: readonly NameProfile[]): readonly { use: NameUse; known: string }[] {
  const byMeaning = new Map(known.map(({ name }) => [meaningOf(name), name]))
  return newNamesIn(list, known).flatMap((use) => {
    const twin = byMeaning.get(meaningOf(use.name))
    return twin === undefined ? [] : [{ use, known: twin }]
  })
}

function findTypes({ properties }: SurveyPart, profile: Profile, { typePercent }: HoldSettings): readonly Hold[] {
  if (typePercent === 0) return []
  const known = new Map(profile.properties.map((property) => [property.name, property.types]))
  return properties.list.flatMap((use): readonly Hold[] => {
    const types = known.get(knownAs(use.name)) ?? ''
    if (use.uses < 20 || types.length < MIN_FILES_FOR_NAMES) return []
    const wereNumbers = /^n+$/.test(types)
    const wereTexts = /^t+$/.test(types)
    const changed = wereNumbers ? use.uses - use.numbers : wereTexts ? use.numbers : 0
    if (changed * 100 <= typePercent * use.uses) return []
    const [now, before] = wereNumbers ? ['text', 'numbers'] : ['numbers', 'text']
    return [
      {
        rule: 'changed_type',
        detail: `${shownName(use.name)} is ${now} on ${COUNT.format(changed)} of ${COUNT.format(use.uses)} lines; in earlier files, all values were ${before}. The property is first used on line ${COUNT.format(use.first)}.`,
        line: use.first,
      },
    ]
  })
}

function findVolume(survey: SurveyPart, { files }: Profile, { volumeFactor }: HoldSettings): readonly Hold[] {
  const lines = linesOf(survey)
  const earlier = files.map((file) => file.lines)
  const usual = median(earlier)
  const isMore = lines > usual * volumeFactor && lines > 2 * Math.max(...earlier)
  const isLess = lines * volumeFactor < usual && 2 * lines < Math.min(...earlier)
  if (volumeFactor === 0 || (!isMore && !isLess)) return []
  return [
    {
      rule: 'unusual_volume',
      detail: `The file has ${COUNT.format(lines)} lines. The last ${earlier.length} files had ${COUNT.format(Math.min(...earlier))} to ${COUNT.format(Math.max(...earlier))}, usually about ${COUNT.format(Math.round(usual))}.`,
    },
  ]
}

function findOlder({ days }: SurveyPart, { files }: Profile, { olderDays }: HoldSettings): readonly Hold[] {
  const earliest = Math.min(...files.map(({ firstDay = Infinity }) => firstDay))
  const older = days.filter(([day]) => day < earliest - olderDays)
  const lines = older.reduce((sum, [, count]) => sum + count, 0)
  const all = days.reduce((sum, [, count]) => sum + count, 0)
  const [first] = older
  // At most one in a hundred can be an exception, as in `usualFirstDay`.
  if (olderDays === 0 || first === undefined || lines * 100 <= all) return []
  return [
    {
      rule: 'older_lines',
      detail: `${COUNT.format(lines)} lines are from ${dateOf(first[0])} or later, but before ${dateOf(earliest - olderDays)}. The oldest lines of the last ${files.length} files are from ${dateOf(earliest)}.`,
    },
  ]
}

function dateOf(day: number): string {
  return new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10)
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

function percent(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 1000) / 10} %`
}
