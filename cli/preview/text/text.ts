import { REASONS } from '../../../lambda/reasons.ts'
import { withFileName } from '../../files/file-in-hint.ts'
import { fitted, listed, quoted, WIDTH, wrapped } from '../../terminal/layout.ts'
import { counted, grouped, printable, styled, type Output } from '../../terminal/output.ts'
import { ruleRows } from '../../status/report-table.ts'
import type { AliasSummary, Estimate, PreviewSummary } from '../summary.ts'
import { eventRows, propertyRows } from './name-rows.ts'
import { lineNumbersText } from './line-numbers.ts'
import { noteRows, repeatRows, timeRows } from './value-rows.ts'

/** A preview for the user, in the order of importance: what can be sent, what would be rejected, and what cannot be undone. */
export function previewText(summary: PreviewSummary, output: Output): string {
  const sections = [
    resultRows(summary, output),
    totalRows(summary),
    titled(`${lines(summary.lines.rejected)} would be rejected`, rejectedRows(summary), output),
    titled(aliasTitle(summary.aliases.commands), aliasRows(summary), output),
    ruleRows(summary),
    titled('Events', eventRows(summary.events), output),
    titled('Properties', propertyRows(summary.properties), output),
    titled('Time', timeRows(summary), output),
    titled('Repeats, which Kissmetrics ignores', repeatRows(summary), output),
    titled('Notes', noteRows(summary), output),
  ]
  return `${sections
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.join('\n'))
    .join('\n\n')}\n`
}

function titled(title: string, rows: readonly string[], output: Output): readonly string[] {
  return rows.length === 0 ? [] : [styled(output, 'bold', title), ...rows]
}

function resultRows({ files, lines: { total, valid, rejected }, refused }: PreviewSummary, output: Output): readonly string[] {
  const what = files.length === 1 ? fitted(files[0]?.name ?? '', WIDTH) : `${grouped(files.length)} files`
  const rows = [styled(output, 'bold', what)]
  for (const { file, detail } of refused) {
    const name = files.length === 1 ? 'The file' : printable(file)
    rows.push(
      ...wrapped(`${name} would be rejected. ${printable(withFileName(detail, file))}`, '').map((row) =>
        styled(output, 'red', row),
      ),
    )
  }
  if (rejected > 0) {
    const others = valid === 0 ? 'No line can be sent.' : `The other ${grouped(valid)} can be sent.`
    const sentence = `${lines(rejected)} of ${grouped(total)} would be rejected. ${others}`
    rows.push(...wrapped(sentence, '').map((row) => styled(output, 'yellow', row)))
  } else if (valid > 0) {
    const rest = refused.length > 0 ? '' : ' No line would be rejected.'
    rows.push(styled(output, 'green', `${lines(valid)} can be sent.${rest}`))
  } else if (refused.length === 0) rows.push('There are no lines to send.')
  return rows
}

function totalRows(summary: PreviewSummary): readonly string[] {
  const { lines, commands, identities, estimate } = summary
  if (lines.total === 0) return []
  const kinds = (['record', 'set', 'alias'] as const).filter((kind) => commands[kind] > 0)
  return [
    total('lines', lines.total),
    total('valid', lines.valid, kinds.map((kind) => `${kind} ${grouped(commands[kind])}`).join(', ')),
    total('rejected', lines.rejected),
    total('blank', lines.blank),
    ...(lines.valid === 0
      ? []
      : [
          total('people', identities.count, `${identities.isExact ? '' : 'or more: '}distinct identities in _p and _p2`),
          `  time to send   ${durationRange(estimate)}, depending on Kissmetrics`,
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
const MANY_SECONDS = 10

/** How long an import takes, in words: "2 minutes to 1 hour". */
export function durationRange({ fastestSeconds, slowestSeconds }: Estimate): string {
  const [fastest, slowest] = [duration(fastestSeconds), duration(slowestSeconds)]
  if (fastest !== slowest) return `${fastest} to ${slowest}`
  return slowestSeconds < MANY_SECONDS ? fastest : `about ${fastest}`
}

/** Rounded to one unit, because an estimate is not more exact. */
function duration(seconds: number): string {
  if (seconds < MANY_SECONDS) return 'a few seconds'
  const [unit, length] = UNITS.find(([, unitSeconds]) => seconds >= (11 / 12) * unitSeconds) ?? ['second', 1]
  const count = unit === 'second' ? Math.round(seconds / 10) * 10 : Math.round(seconds / length)
  return counted(count, unit)
}

function lines(count: number): string {
  return counted(count, 'line')
}

function rejectedRows({ rejectedBy, files }: PreviewSummary): readonly string[] {
  const reasons = Object.keys(REASONS).filter((reason) => reason in rejectedBy) as (keyof typeof REASONS)[]
  const rows = reasons
    .map((reason) => ({ reason, ...(rejectedBy[reason] ?? { count: 0, examples: [] }) }))
    .toSorted((a, b) => b.count - a.count)
    .flatMap(({ reason, count, examples }) => {
      const start = `  ${reason.padEnd(26)}${grouped(count).padStart(10)}  `
      return [
        start + lineNumbersText(examples, count, files.length > 1, WIDTH - start.length),
        `    ${fitted(REASONS[reason].means, WIDTH - 4)}`,
      ]
    })
  return rows.length === 0 ? [] : [...rows, '  docs/reasons.md explains how to fix each of them.']
}

function aliasRows({ aliases, files }: PreviewSummary): readonly string[] {
  const { commands, groups, chains, cycles, repeated, isComplete, largest } = aliases
  if (commands === 0) return []
  return [
    aliasRow(groups, groups === 1 ? 'person' : 'people', 'merged from several identities'),
    ...(repeated > 0 ? [aliasRow(repeated, 'repeated:', 'the same pair again, which is harmless')] : []),
    ...(cycles > 0 ? [aliasRow(cycles, 'in a cycle:', 'other pairs already make them one person')] : []),
    ...(chains > 0
      ? [
          aliasRow(chains, chains === 1 ? 'chain:' : 'chains:', 'more than two identities become one person'),
          ...chainRows(largest, files.length > 1),
        ]
      : []),
    ...(isComplete
      ? []
      : wrapped('There are too many identities to compare. Except for the total, the counts cover the first 100,000.')),
  ]
}

function aliasTitle(count: number): string {
  return `${counted(count, 'alias', 'aliases')}, which cannot be undone`
}

function aliasRow(count: number, what: string, meaning: string): string {
  return `  ${grouped(count).padStart(9)}  ${what} ${meaning}`
}

const SHOWN_CHAINS = 5
const IDENTITY_COLUMNS = 30

function chainRows(largest: AliasSummary['largest'], isNamingFiles: boolean): readonly string[] {
  return largest.slice(0, SHOWN_CHAINS).map(({ identities, examples, first }) => {
    const start = `             ${grouped(identities)} identities, from ${lineNumbersText([first], 1, isNamingFiles, 30)}: `
    const names = examples.map((example) => quoted(example, IDENTITY_COLUMNS))
    return `${start}${listed(names, WIDTH - start.length, examples.length === identities)}`
  })
}
