import type { PreviewSummary } from '../preview/summary.ts'
import { withFileName } from '../files/file-in-hint.ts'
import { durationRange } from '../preview/text/text.ts'
import { warningSentence } from '../status/report-table.ts'
import { whenText } from '../terminal/days.ts'
import { fitted, listed, quoted, WIDTH, widthOf, wrapped } from '../terminal/layout.ts'
import { counted, grouped, printable, shellWord, styled, type Output } from '../terminal/output.ts'

const NAME_COLUMNS = 30
const MAX_REASONS = 5

/**
 * A short preview: enough to decide whether to send.
 *
 * @param names of the files, escaped for a terminal
 */
export function confirmationText(summary: PreviewSummary, names: readonly string[], output: Output): string {
  const title = names.length === 1 ? fitted(names[0] ?? '', WIDTH) : `${grouped(names.length)} files`
  const sentences = [
    ...summary.refused.map(({ file, detail }) => `${printable(file)} cannot be sent: ${printable(withFileName(detail, file))}`),
    ...lineSentences(summary),
    ...ruleSentences(summary),
    ...aliasSentences(summary),
    ...twinSentences(summary),
    ...repeatSentences(summary),
    ...identityWarnings(summary),
    ...spellingSentences(summary),
  ]
  const rows = sentences.flatMap((sentence) => wrapped(sentence))
  return `${[styled(output, 'bold', title), ...rows, previewHint(names)].join('\n')}\n\n`
}

function previewHint(names: readonly string[]): string {
  const command = `  More: npx km-import preview ${names.map(shellWord).join(' ')}`
  return names.length === 1 || widthOf(command) <= WIDTH ? command : '  More: npx km-import preview, with the same files'
}

function lineSentences({ lines, commands, identities, time, estimate, rejectedBy }: PreviewSummary): readonly string[] {
  const kinds = (['record', 'set', 'alias'] as const).filter((kind) => commands[kind] > 0)
  const kindsText = kinds.map((kind) => `${kind} ${grouped(commands[kind])}`).join(', ')
  const people = counted(identities.count, 'person', 'people')
  const days = time === undefined ? '' : `, ${whenText(time.first, time.last)}`
  return [
    `${counted(lines.valid, 'line')} can be sent${kindsText === '' ? '' : `: ${kindsText}`}.`,
    ...(lines.rejected === 0 ? [] : [`${counted(lines.rejected, 'line')} would be rejected: ${reasonsText(rejectedBy)}.`]),
    ...(lines.valid === 0 ? [] : [`About ${people}${days}. Sending takes ${durationRange(estimate)}.`]),
  ]
}

/** What rules would do to lines that can be sent. */
function ruleSentences({ fixedBy = {} }: PreviewSummary): readonly string[] {
  const used = Object.entries(fixedBy).map(([rule, count]) => `${printable(rule)} ${counted(count, 'line')}`)
  return used.length === 0 ? [] : [`Changed by rules: ${used.join(', ')}.`]
}

function aliasSentences({ aliases }: PreviewSummary): readonly string[] {
  return aliases.commands === 0 ? [] : [`${counted(aliases.commands, 'alias', 'aliases')}, which cannot be undone.`]
}

function twinSentences({ events }: PreviewSummary): readonly string[] {
  if (events.twins.length === 0) return []
  const pairs = events.twins.map(
    ({ names: [one = '', other = ''] }) => `${quoted(one, NAME_COLUMNS)} and ${quoted(other, NAME_COLUMNS)}`,
  )
  return [`Similar event names, probably meant to be one: ${listed(pairs, WIDTH)}.`]
}

/** Lines that do not count, although they are sent. */
function repeatSentences({ repeats }: PreviewSummary): readonly string[] {
  return [
    ...(repeats.events === 0
      ? []
      : [
          `${counted(repeats.events, 'event is', 'events are')} identical to an earlier one. Kissmetrics counts identical events once.`,
        ]),
    ...(repeats.sameSecond === 0
      ? []
      : [
          `${counted(repeats.sameSecond, 'event is', 'events are')} like an earlier one, with other properties. Kissmetrics may ignore them.`,
        ]),
    ...(repeats.sets + repeats.contradictions === 0
      ? []
      : [
          `${counted(repeats.sets + repeats.contradictions, 'property is', 'properties are')} set again in the same second. Kissmetrics keeps the first value.`,
        ]),
  ]
}

/** The warnings that matter before a send, because persons that became one cannot be separated again. */
const IDENTITY_WARNINGS = ['placeholder_identity', 'unusual_identity', 'similar_identities'] as const

function identityWarnings({ warnings }: PreviewSummary): readonly string[] {
  return IDENTITY_WARNINGS.flatMap((code) => {
    const count = warnings[code] ?? 0
    return count === 0 ? [] : [warningSentence(code, count)]
  })
}

function spellingSentences({ identities: { spellings } }: PreviewSummary): readonly string[] {
  const pairs = spellings.groups.map(
    ([one = '', other = '']) => `${quoted(one, NAME_COLUMNS)} and ${quoted(other, NAME_COLUMNS)}`,
  )
  return pairs.length === 0
    ? []
    : [
        `${counted(spellings.people, 'person', 'people')} with several spellings, each a person to Kissmetrics: ${listed(pairs, WIDTH)}.`,
      ]
}

/** The most frequent reasons, with their counts. */
function reasonsText(rejectedBy: PreviewSummary['rejectedBy']): string {
  const all = Object.entries(rejectedBy).toSorted(([, a], [, b]) => b.count - a.count)
  const shown = all.slice(0, MAX_REASONS).map(([reason, { count }]) => `${reason} ${grouped(count)}`)
  return [...shown, ...(all.length > MAX_REASONS ? ['…'] : [])].join(', ')
}
