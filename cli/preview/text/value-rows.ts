import type { ReasonCode } from '../../../lambda/reasons.ts'
import { listed, quoted, WIDTH, wrapped } from '../../terminal/layout.ts'
import { grouped } from '../../terminal/output.ts'
import type { HistogramUnit, LinePosition, PreviewSummary, SpellingSummary } from '../summary.ts'
import { lineNumbersText } from './line-numbers.ts'

const BAR_COLUMNS = 40

/** A histogram of the times of valid lines, and the lines that are rejected because of their time. */
export function timeRows({ time, rejectedBy }: PreviewSummary): readonly string[] {
  const warnings = TIME_REASONS.flatMap(([reason, words]) => {
    const count = rejectedBy[reason]?.count ?? 0
    return count === 0 ? [] : [`  ${grouped(count).padStart(9)}  ${words} (rejected)`]
  })
  if (time === undefined) return warnings
  const most = Math.max(...time.histogram.map(({ lines }) => lines))
  const bars = time.histogram.map(({ start, lines }) => {
    const bar = lines === 0 ? '' : '█'.repeat(Math.max(1, Math.round((lines / most) * BAR_COLUMNS)))
    return `  ${startText(start, time.unit)}  ${grouped(lines).padStart(9)}  ${bar}`.trimEnd()
  })
  return [`  ${dateTime(time.first)} to ${dateTime(time.last)} UTC, lines by ${time.unit}`, ...bars, ...warnings]
}

const TIME_REASONS: readonly (readonly [ReasonCode, string])[] = [
  ['timestamp_in_milliseconds', 'look like milliseconds; seconds are needed'],
  ['timestamp_before_2009', 'before 2009, which Kissmetrics does not keep'],
  ['timestamp_in_future', 'more than a day in the future'],
]

function dateTime(seconds: number): string {
  return isoText(seconds).slice(0, 19).replace('T', ' ')
}

function startText(seconds: number, unit: HistogramUnit): string {
  const iso = isoText(seconds)
  switch (unit) {
    case 'hour':
      return iso.slice(0, 16).replace('T', ' ')
    case 'day':
    case 'week':
      return iso.slice(0, 10)
    case 'month':
      return iso.slice(0, 7)
    case 'quarter':
      return `${iso.slice(0, 4)} Q${Math.ceil(Number(iso.slice(5, 7)) / 3)}`
    case 'year':
      return iso.slice(0, 4)
  }
}

function isoText(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

/** Lines that Kissmetrics would ignore as repeats. */
export function repeatRows({ repeats, files }: PreviewSummary): readonly string[] {
  const { examples, isComplete } = repeats
  const row = (count: number, what: string, lines: readonly LinePosition[]): readonly string[] =>
    count === 0
      ? []
      : [
          `  ${grouped(count).padStart(9)}  ${what}`,
          `             ${lineNumbersText(lines, count, files.length > 1, WIDTH - 13)}`,
        ]
  const rows = [
    ...row(
      repeats.events,
      `${repeats.events === 1 ? 'event' : 'events'} identical to an earlier one: counted once`,
      examples.events,
    ),
    ...row(
      repeats.sameSecond,
      `${repeats.sameSecond === 1 ? 'event' : 'events'} like an earlier one, with other properties: may be ignored`,
      examples.sameSecond,
    ),
    ...row(
      repeats.sets,
      repeats.sets === 1
        ? 'line that sets properties to the same values in the same second'
        : 'lines that set properties to the same values in the same second',
      examples.sets,
    ),
    ...row(
      repeats.contradictions,
      `${repeats.contradictions === 1 ? 'property' : 'properties'} set to another value in the same second: ignored`,
      examples.contradictions,
    ),
  ]
  return isComplete
    ? rows
    : [...rows, ...wrapped('There are too many lines to compare all of them, so there may be more repeats.')]
}

/** Changes that an import makes to valid lines. */
export function noteRows({ warnings, identities }: PreviewSummary): readonly string[] {
  const { changedLines, changedExamples } = identities
  const row = (count: number, what: string): readonly string[] =>
    count === 0 ? [] : [`  ${grouped(count).padStart(9)}  ${what}`]
  return [
    ...row(changedLines, 'lines with commas or colons in identities, stored as spaces'),
    ...(changedLines === 0
      ? []
      : [
          `             ${listed(
            changedExamples.map((text) => quoted(text, 30)),
            WIDTH - 13,
            false,
          )}`,
        ]),
    ...row(warnings.empty_property ?? 0, 'properties without a value, which are left out'),
    ...row(warnings.export_column ?? 0, 'columns of Kissmetrics’ own exports, which are left out'),
    ...row(warnings.underscore_name ?? 0, 'properties whose names begin with an underscore'),
    ...row(warnings.placeholder_identity ?? 0, 'lines of a placeholder like null or guest: many people in one'),
    ...row(warnings.unusual_identity ?? 0, 'lines whose identity has stray spaces, quotes or hidden characters'),
    ...row(warnings.similar_identities ?? 0, 'aliases of two spellings of one identity'),
    ...spellingRows(identities.spellings),
  ]
}

const SHOWN_SPELLINGS = 10

/** People who would become several people. */
function spellingRows({ people, groups, isComplete }: SpellingSummary): readonly string[] {
  if (people === 0) return []
  const more = people - Math.min(people, SHOWN_SPELLINGS)
  return [
    `  ${grouped(people).padStart(9)}  people with several spellings, each a person to Kissmetrics`,
    ...groups.slice(0, SHOWN_SPELLINGS).map((spellings) => {
      const shown = spellings.map((text) => quoted(text, 26))
      return `             ${listed(shown, WIDTH - 13)}`
    }),
    ...(more > 0 ? [`             … and ${grouped(more)} more${isComplete ? '' : ', or yet more'}`] : []),
  ]
}
