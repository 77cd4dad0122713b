import { REASONS } from '../../../lambda/reasons.ts'
import { fitted, listed, quoted, WIDTH, wrapped } from '../../terminal/layout.ts'
import { counted, grouped, printable, styled, type Output } from '../../terminal/output.ts'
import type { AliasSummary, Estimate, PreviewSummary } from '../summary.ts'
import { eventRows, propertyRows } from './name-rows.ts'
import { lineNumbersText } from './line-numbers.ts'
import { otherRows, repeatRows, timeRows } from './value-rows.ts'

const DOCS_OF_REASONS = 'docs/reasons.md'

/** A preview for a person, what matters most first: can it be sent, what would come back, and what can never be undone. */
export function previewText(summary: PreviewSummary, output: Output): string {
  const sections = [
    verdictRows(summary, output),
    totalRows(summary),
    titled(`Rejected: ${lines(summary.lines.rejected)} would come back`, rejectedRows(summary), output),
    titled(aliasTitle(summary.aliases.commands), aliasRows(summary), output),
    titled('Events', eventRows(summary.events), output),
    titled('Properties', propertyRows(summary.properties), output),
    titled('Time', timeRows(summary), output),
    titled('Repeats: what Kissmetrics has already, it drops', repeatRows(summary), output),
    titled('Also', otherRows(summary), output),
  ]
  return `${sections
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.join('\n'))
    .join('\n\n')}\n`
}

function titled(title: string, rows: readonly string[], output: Output): readonly string[] {
  return rows.length === 0 ? [] : [styled(output, 'bold', title), ...rows]
}

function verdictRows({ files, lines: { total, valid, rejected }, refused }: PreviewSummary, output: Output): readonly string[] {
  const what = files.length === 1 ? fitted(files[0]?.name ?? '', WIDTH) : `${grouped(files.length)} files`
  const rows = [styled(output, 'bold', what)]
  for (const { file, detail } of refused) {
    const name = files.length === 1 ? 'It' : printable(file)
    rows.push(...wrapped(`${name} would come back as a whole. ${printable(detail)}`, '').map((row) => styled(output, 'red', row)))
  }
  if (rejected > 0) {
    const others = valid === 0 ? 'None can be sent.' : `The other ${grouped(valid)} can be sent.`
    const sentence = `${lines(rejected)} of ${grouped(total)} would come back. ${others}`
    rows.push(...wrapped(sentence, '').map((row) => styled(output, 'yellow', row)))
  } else if (valid > 0) {
    const sentence = refused.length > 0 ? `${lines(valid)} can be sent.` : `All can be sent: ${lines(valid)}.`
    rows.push(styled(output, 'green', sentence))
  } else if (refused.length === 0) rows.push('There is nothing to send.')
  return rows
}

function totalRows(summary: PreviewSummary): readonly string[] {
  const { lines, commands, identities, estimate } = summary
  if (lines.total === 0) return []
  const kinds = (['record', 'set', 'alias'] as const).filter((kind) => commands[kind] > 0)
  return [
    total('lines', lines.total),
    total('to be sent', lines.valid, kinds.map((kind) => `${kind} ${grouped(commands[kind])}`).join(', ')),
    total('rejected', lines.rejected),
    total('blank', lines.blank),
    ...(lines.valid === 0
      ? []
      : [
          total('people', identities.count, `${identities.isExact ? '' : 'or more: '}different identities, in _p and _p2`),
          `  time to send   ${durations(estimate)}, as fast as Kissmetrics takes them`,
        ]),
  ]
}

function total(name: string, count: number, note = ''): string {
  return `  ${name.padEnd(12)}${grouped(count).padStart(11)}${note === '' ? '' : `  ${note}`}`
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** How long sending may take, in words. */
export function durations({ fastestSeconds, slowestSeconds }: Estimate): string {
  const [fastest, slowest] = [duration(fastestSeconds), duration(slowestSeconds)]
  return fastest === slowest ? `about ${fastest}` : `${fastest} to ${slowest}`
}

/** Rounded to what a person plans with. */
function duration(seconds: number): string {
  const [unit, length] = UNITS.find(([, unitSeconds]) => seconds >= 0.95 * unitSeconds) ?? ['minute', 60]
  const count = Math.max(1, Math.round(seconds / length))
  return `${grouped(count)} ${unit}${count === 1 ? '' : 's'}`
}

function lines(count: number): string {
  return counted(count, 'line')
}

/** Where the line numbers begin. */
const LINE_NUMBERS_COLUMN = 42

function rejectedRows({ rejectedBy, files }: PreviewSummary): readonly string[] {
  const reasons = Object.keys(REASONS).filter((reason) => reason in rejectedBy) as (keyof typeof REASONS)[]
  const rows = reasons
    .map((reason) => ({ reason, ...(rejectedBy[reason] ?? { count: 0, examples: [] }) }))
    .toSorted((a, b) => b.count - a.count)
    .flatMap(({ reason, count, examples }) => [
      `  ${reason.padEnd(26)}${grouped(count).padStart(10)}  ${lineNumbersText(examples, count, files.length > 1, WIDTH - LINE_NUMBERS_COLUMN)}`,
      `    ${fitted(REASONS[reason].means, WIDTH - 4)}`,
    ])
  return rows.length === 0 ? [] : [...rows, `  ${DOCS_OF_REASONS} tells how each is mended.`]
}

function aliasRows({ aliases, files }: PreviewSummary): readonly string[] {
  const { commands, groups, chains, cycles, repeated, isComplete, largest } = aliases
  if (commands === 0) return []
  return [
    aliasRow(groups, groups === 1 ? 'person, who' : 'people, each of whom', 'is made of several identities'),
    ...(repeated > 0 ? [aliasRow(repeated, 'repeated:', 'the same pair again, which is harmless')] : []),
    ...(cycles > 0 ? [aliasRow(cycles, 'in a cycle:', 'the two were one person already, by other pairs')] : []),
    ...(chains > 0
      ? [
          aliasRow(chains, chains === 1 ? 'chain:' : 'chains:', 'more than two identities become one person'),
          ...chainRows(largest, files.length > 1),
        ]
      : []),
    ...(isComplete ? [] : wrapped('There are more identities than can be compared: all but the sum is about the first 100,000.')),
  ]
}

function aliasTitle(count: number): string {
  return count === 1 ? 'Aliases: 1, which cannot be undone' : `Aliases: ${grouped(count)}, none of which can be undone`
}

function aliasRow(count: number, what: string, meaning: string): string {
  return `  ${grouped(count).padStart(9)}  ${what} ${meaning}`
}

const SHOWN_CHAINS = 5
const IDENTITY_COLUMNS = 30

function chainRows(largest: AliasSummary['largest'], isNamingFiles: boolean): readonly string[] {
  return largest.slice(0, SHOWN_CHAINS).map(({ identities, examples, first }) => {
    const start = `             ${grouped(identities)} in one, from ${lineNumbersText([first], 1, isNamingFiles, 30)}: `
    const names = examples.map((example) => quoted(example, IDENTITY_COLUMNS))
    return `${start}${listed(names, WIDTH - start.length, examples.length === identities)}`
  })
}
