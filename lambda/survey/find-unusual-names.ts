import { shownName } from '../parse/text.ts'
import type { HoldSettings } from '../settings/hold.ts'
import type { Hold } from './hold-rules.ts'
import { median } from './median.ts'
import type { NameUse, SurveyPart } from './part.ts'
import { knownAs, MIN_TYPED_VALUES, newNamesIn, type NameProfile, type Profile } from './profile.ts'
import { count, counted, percentOf } from './shown.ts'
import { meaningOf } from './twins.ts'

/** A prefix whose files always have new names, e.g. one for each page, is not held for as many as usual. */
const USUAL_NEW_NAMES_FACTOR = 3
/** If files usually have more new names than this, some of them are always similar to known ones. */
const MAX_STEADY_NEW_NAMES = 5
/** Files that have to agree on the type of a property. */
const MIN_TYPES = 3

/** Names and types that the earlier files did not have. */
export function findUnusualNames({ events, properties }: SurveyPart, profile: Profile, settings: HoldSettings): readonly Hold[] {
  const newEvents = newNamesIn(events.list, profile.events)
  const newProperties = newNamesIn(properties.list, profile.properties)
  const usual = median(profile.files.map(({ newNames }) => newNames))
  return [
    ...findNew(newEvents, newProperties, Math.max(settings.newNames, USUAL_NEW_NAMES_FACTOR * usual), settings),
    ...(usual <= MAX_STEADY_NEW_NAMES
      ? findSimilar([...twinsIn(newEvents, profile.events), ...twinsIn(newProperties, profile.properties)], settings)
      : []),
    ...findChangedTypes(properties.list, profile.properties, settings),
  ]
}

function findNew(
  events: readonly NameUse[],
  properties: readonly NameUse[],
  limit: number,
  { newNames }: HoldSettings,
): readonly Hold[] {
  const [first] = [...events, ...properties].toSorted((a, b) => a.first - b.first)
  if (newNames === 0 || first === undefined || events.length + properties.length <= limit) return []
  const names = [
    ...(events.length > 0 ? [counted(events.length, 'event name')] : []),
    ...(properties.length > 0 ? [counted(properties.length, 'property name')] : []),
  ]
  return [
    {
      rule: 'new_names',
      detail: `${names.join(' and ')} of this file did not occur in earlier ones. The first is ${shownName(first.name)} on line ${count(first.first)}.`,
      line: first.first,
    },
  ]
}

interface Twin {
  readonly use: NameUse
  readonly known: string
}

function findSimilar(twins: readonly Twin[], { similarNames }: HoldSettings): readonly Hold[] {
  const [first] = twins.toSorted((a, b) => a.use.first - b.use.first)
  if (similarNames === 0 || first === undefined || twins.length < similarNames) return []
  const { use, known } = first
  return [
    {
      rule: 'similar_names',
      detail: `${shownName(use.name)} on line ${count(use.first)} is new, and earlier files have ${shownName(known)}.${andMore(twins, 'similar name')}`,
      line: use.first,
    },
  ]
}

function twinsIn(newNames: readonly NameUse[], known: readonly NameProfile[]): readonly Twin[] {
  const byMeaning = new Map(known.map(({ name }) => [distinctMeaningOf(name), name]))
  return newNames.flatMap((use) => {
    const twin = byMeaning.get(distinctMeaningOf(use.name))
    return twin === undefined ? [] : [{ use, known: twin }]
  })
}

/** "Price ($)" and "Price (€)", or "Discount" and "Discount %", are different things. */
function distinctMeaningOf(name: string): string {
  return `${meaningOf(name)} ${name.replace(/[^\p{S}#%&@*]/gu, '')}`
}

function findChangedTypes(
  properties: readonly NameUse[],
  known: readonly NameProfile[],
  { typePercent }: HoldSettings,
): readonly Hold[] {
  const typesOf = new Map(known.map(({ name, types }) => [knownAs(name), types ?? '']))
  const changes = properties.flatMap((use) => {
    const changed = otherValuesIn(use, typesOf.get(knownAs(use.name)) ?? '')
    return changed !== undefined && changed.values * 100 > typePercent * use.uses ? [{ use, ...changed }] : []
  })
  const [first] = changes.toSorted((a, b) => a.use.first - b.use.first)
  if (typePercent === 0 || first === undefined) return []
  const { use, values, before, now } = first
  return [
    {
      rule: 'changed_type',
      detail: `${shownName(use.name)} has ${now} in ${count(values)} of ${counted(use.uses, 'value')} (${percentOf(values, use.uses)}). In earlier files it always had ${before}. It is first used on line ${count(use.first)}.${andMore(changes, 'property', 'properties')}`,
      line: use.first,
    },
  ]
}

/** The values that have another type than in all earlier files. */
function otherValuesIn(
  { uses, numbers }: NameUse,
  types: string,
): { readonly values: number; readonly before: string; readonly now: string } | undefined {
  if (uses < MIN_TYPED_VALUES || types.length < MIN_TYPES) return undefined
  if (/^n+$/.test(types)) return { values: uses - numbers, before: 'numbers', now: 'text' }
  if (/^t+$/.test(types)) return { values: numbers, before: 'text', now: 'numbers' }
  return undefined
}

function andMore({ length }: { readonly length: number }, one: string, many?: string): string {
  return length > 1
    ? ` The same is true for ${counted(length - 1, `other ${one}`, many === undefined ? undefined : `other ${many}`)}.`
    : ''
}
