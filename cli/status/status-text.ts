import { REASONS, WARNINGS, type ReasonCode, type WarningCode } from '../../lambda/reasons.ts'
import { isFinal, type Report } from '../../lambda/report/report.ts'
import { fitted, wrapped } from '../terminal/layout.ts'
import type { QueueDepths } from '../deployment/queue-depth.ts'
import { STATES } from './report-table.ts'
import { grouped, printable, styled, type Output } from '../terminal/output.ts'

/** A report as one row of a table. */
export function asRow(report: Report) {
  const { state, file, lines, startedAt } = report
  return {
    file: file.key,
    state,
    lines: lines.total,
    delivered: lines.delivered,
    rejected: lines.rejected,
    undeliverable: lines.undeliverable,
    blank: lines.blank,
    started: startedAt,
    seconds: secondsOf(report),
    'lines a second': rateOf(report),
  }
}

/** Whole seconds; of an import that goes on, until now. */
function secondsOf({ startedAt, finishedAt }: Report): number {
  const end = finishedAt === undefined ? Date.now() : Date.parse(finishedAt)
  return Math.max(0, Math.round((end - Date.parse(startedAt)) / 1000))
}

function rateOf(report: Report): number {
  const { delivered, rejected, undeliverable, blank } = report.lines
  return Math.round((delivered + rejected + undeliverable + blank) / Math.max(1, secondsOf(report)))
}

/** For a person, on 80 columns: two rows a drop. */
export function statusText(
  reports: readonly Report[],
  total: number,
  { messages, deadLetters }: QueueDepths,
  output: Output,
): string {
  const rows = reports.flatMap((report) => {
    const [words, style] = STATES[report.state]
    const { lines, file, startedAt } = report
    const back = lines.rejected + lines.undeliverable
    return [
      styled(output, 'bold', fitted(file.key, 80)),
      `  ${styled(output, style, words)}`,
      `  ${startedAt.slice(0, 16).replace('T', ' ')}  ${durationOf(secondsOf(report))}, ${grouped(lines.total)} lines, ${grouped(lines.delivered)} delivered, ${grouped(back)} came back${isFinal(report) ? '' : `, ${grouped(rateOf(report))} a second`}`,
    ]
  })
  if (reports.length < total) rows.push(`These are the newest ${grouped(reports.length)} of ${grouped(total)}; --all shows all.`)
  if (total === 0) rows.push('No drop yet.')
  rows.push(
    '',
    `import queue ${grouped(messages)} · dead letters ${grouped(deadLetters)}${deadLetters > 0 ? ' (km-import rejects list)' : ''}`,
  )
  return `${rows.join('\n')}\n`
}

function durationOf(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const MOST_EXAMPLES = 3

/** One report in full, with what to do next. */
export function reportText(report: Report, output: Output): string {
  const [words, style] = STATES[report.state]
  const { file, lines, commands, rejectedBy, warnings, failure, time, startedAt } = report
  const done = isFinal(report) ? 'took' : 'so far'
  const rows = [
    styled(output, 'bold', fitted(file.key, 80)),
    `  ${styled(output, style, words)}`,
    '',
    row('lines', lines.total),
    row(
      'delivered',
      lines.delivered,
      `record ${grouped(commands.record)}, set ${grouped(commands.set)}, alias ${grouped(commands.alias)}`,
    ),
    row('rejected', lines.rejected),
    row('undeliverable', lines.undeliverable),
    row('blank', lines.blank),
    ...(report.repeatsPossible > 0 ? [row('repeats', report.repeatsPossible, 'at most; Kissmetrics drops repeats')] : []),
    '',
    `  started       ${startedAt.slice(0, 19).replace('T', ' ')} UTC`,
    `  ${done.padEnd(14)}${durationOf(secondsOf(report))}, ${grouped(rateOf(report))} lines a second`,
    ...(time === undefined ? [] : [`  times in it   ${day(time.first)} to ${day(time.last)}`]),
    ...(failure === undefined ? [] : ['', ...wrapped(printable(failure.detail))]),
  ]
  for (const [reason, { count, examples }] of Object.entries(rejectedBy)) {
    const { means, fix } = REASONS[reason as ReasonCode]
    rows.push('', `  ${styled(output, 'bold', reason)}  ${grouped(count)}`, ...wrapped(`${means}. ${fix}`, '    '))
    for (const { line, detail } of examples.slice(0, MOST_EXAMPLES)) rows.push(`    ${fitted(`line ${line}: ${detail}`, 76)}`)
  }
  for (const [warning, counted] of Object.entries(warnings))
    rows.push('', ...wrapped(`${grouped(counted)} times ${WARNINGS[warning as WarningCode]}.`))
  rows.push('', ...wrapped(nextFor(report)))
  return `${rows.join('\n')}\n`
}

function nextFor({ state, file, lines }: Report): string {
  switch (state) {
    case 'importing':
      return 'It goes on by itself. Watch it with --watch.'
    case 'complete':
      return 'Everything was delivered; there is nothing to do.'
    case 'failed':
      return 'Mend the file and drop it again.'
    case 'superseded':
    case 'gone':
      return 'Drop the file again, if it is still wanted.'
    case 'complete-with-rejects':
      return `To mend the ${grouped(lines.rejected + lines.undeliverable)} that came back: km-import rejects pull --key "${printable(file.key)}" -o rejects.jsonl`
  }
}

function row(name: string, count: number, note = ''): string {
  return `  ${name.padEnd(13)}${grouped(count).padStart(11)}${note === '' ? '' : `  ${note}`}`
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}
