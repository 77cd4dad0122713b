import { fitted, listed, padded, quoted, widthOf, WIDTH, wrapped } from '../../terminal/layout.ts'
import { grouped } from '../../terminal/output.ts'
import { VALUE_EXAMPLES } from '../digest/values.ts'
import type { TwinSummary } from '../../../lambda/survey/twins.ts'
import type { ValueType } from '../../../lambda/survey/value-type.ts'
import type { EventSummary, NamesSummary, PropertySummary } from '../summary.ts'

const SHOWN_NAMES = 20
const SHOWN_TWINS = 10
const COUNT_COLUMNS = 9
/** A name comes after two spaces, its count and two spaces. */
const NAME_COLUMN = COUNT_COLUMNS + 4
const NAME_INDENT = ' '.repeat(NAME_COLUMN)

/** Events, most frequent first, and notes on their names. */
export function eventRows(events: NamesSummary<EventSummary>): readonly string[] {
  const rows = events.list
    .slice(0, SHOWN_NAMES)
    .map(({ name, count }) => `${countCell(count)}${shownName(name, WIDTH - NAME_COLUMN)}`)
  return [...rows, ...nameNoteRows(events, 'events')]
}

/** Properties with the types of their values, and notes on their names. */
export function propertyRows(properties: NamesSummary<PropertySummary>): readonly string[] {
  return [...properties.list.slice(0, SHOWN_NAMES).flatMap(rowsOf), ...nameNoteRows(properties, 'properties')]
}

const PROPERTY_COLUMNS = 22
const TYPES_COLUMN = NAME_COLUMN + PROPERTY_COLUMNS + 2
const TYPE_WORDS: Readonly<Record<ValueType, string>> = { number: 'number', text: 'text', boolean: 'true/false' }

function rowsOf({ name, count, types, longValues }: PropertySummary): readonly string[] {
  const kinds = (Object.keys(TYPE_WORDS) as ValueType[])
    .flatMap((type) => (types[type] === undefined ? [] : [{ type, ...types[type] }]))
    .toSorted((a, b) => b.count - a.count)
  const isMixed = kinds.length > 1
  const texts = kinds.map(({ type, count: uses, examples }) => {
    const start = isMixed ? `${TYPE_WORDS[type]} ${grouped(uses)}: ` : `${TYPE_WORDS[type]}: `
    const shown = examples.map((example) => (type === 'text' ? quoted(example, 24) : fitted(example, 24)))
    return `${start}${listed(shown, WIDTH - TYPES_COLUMN - start.length, type === 'boolean' || examples.length < VALUE_EXAMPLES)}`
  })
  if (longValues > 0) texts.push(`${grouped(longValues)} longer than 512 characters`)
  const [first = '', ...others] = isMixed ? ['mixed types', ...texts] : texts
  return [
    `${countCell(count)}${padded(shownName(name, PROPERTY_COLUMNS), PROPERTY_COLUMNS)}  ${first}`,
    ...others.map((text) => `${' '.repeat(TYPES_COLUMN)}${text}`),
  ]
}

function countCell(count: number): string {
  return `  ${grouped(count).padStart(COUNT_COLUMNS)}  `
}

/** In quotes if it has spaces that would not be visible. */
function shownName(name: string, columns: number): string {
  return /^\s|\s$|\s\s/.test(name) ? quoted(name, columns) : fitted(name, columns)
}

function nameNoteRows(names: NamesSummary<EventSummary>, what: 'events' | 'properties'): readonly string[] {
  const { list, twins, isComplete, otherUses } = names
  const more = list.length - SHOWN_NAMES
  const changed = list.filter(({ becomes }) => becomes !== undefined)
  return [
    ...(more > 0 ? [`${NAME_INDENT}… and ${grouped(more)} more; --json has ${isComplete ? 'all' : 'more'} of them`] : []),
    ...(isComplete
      ? []
      : wrapped(
          `There are more than ${grouped(list.length)} names, and the others are used ${grouped(otherUses)} times. Do the names contain an id or a date?`,
        )),
    ...(twins.length > 0 ? [`  Similar names, probably meant to be one:`, ...twinRows(twins, what)] : []),
    ...(changed.length > 0 ? ['  Kissmetrics replaces commas and colons with spaces:', ...changedRows(changed)] : []),
  ]
}

function twinRows(twins: readonly TwinSummary[], what: string): readonly string[] {
  const rows = twins.slice(0, SHOWN_TWINS).map(({ names, atKissmetrics }) => {
    const end = atKissmetrics === 1 ? '  (one in Kissmetrics)' : `  (${atKissmetrics} ${what})`
    const shown = names.map((name) => quoted(name, 26))
    return `    ${listed(shown, WIDTH - 4 - widthOf(end))}${end}`
  })
  return twins.length > SHOWN_TWINS ? [...rows, `    … and ${grouped(twins.length - SHOWN_TWINS)} more`] : rows
}

function changedRows(changed: readonly EventSummary[]): readonly string[] {
  const rows = changed.slice(0, SHOWN_TWINS).map(({ name, becomes = '' }) => `    ${quoted(name, 34)} → ${quoted(becomes, 34)}`)
  return changed.length > SHOWN_TWINS ? [...rows, `    … and ${grouped(changed.length - SHOWN_TWINS)} more`] : rows
}
