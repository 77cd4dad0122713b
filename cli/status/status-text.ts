import type { Brake } from '../../lambda/control/brake.ts'
import { REASONS, type ReasonCode } from '../../lambda/reasons.ts'
import { isFinal, openLines, staleForMs, type Report } from '../../lambda/report/report.ts'
import { brakeRows } from '../control/brake-text.ts'
import { cancelledRows } from '../control/cancel-text.ts'
import type { QueueDepths } from '../deployment/queue-depth.ts'
import { decisionCommands, holdRows } from '../safety/hold-text.ts'
import { fitted, WIDTH, wrapped } from '../terminal/layout.ts'
import { counted, grouped, printable, shellWord, styled, type Output } from '../terminal/output.ts'
import { openOriginsRows } from './open-origins.ts'
import { styledState, ruleRows, warningRows } from './report-table.ts'

/** A report as one row of a CSV table. */
export function csvRowOf(report: Report, now: number) {
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
    seconds: secondsOf(report, now),
    'lines a second': rateOf(report, now),
    'still open': openLines(report),
  }
}

/** Duration in whole seconds; of a running import, until now. */
function secondsOf({ startedAt, finishedAt }: Report, now: number): number {
  const end = finishedAt === undefined ? now : Date.parse(finishedAt)
  return Math.max(0, Math.round((end - Date.parse(startedAt)) / 1000))
}

function rateOf(report: Report, now: number): number {
  const { delivered, rejected, undeliverable, blank } = report.lines
  return Math.round((delivered + rejected + undeliverable + blank) / Math.max(1, secondsOf(report, now)))
}

export interface StatusContext {
  /** Files whose reports only a newer version of the importer can read. */
  readonly newer: readonly string[]
  /** Files in the deployment; more than the reports that are shown. */
  readonly total: number
  readonly waiting: QueueDepths
  readonly brake: Brake
  /** Options that choose the deployment, for commands in hints: ` --stack NAME` or nothing. */
  readonly deploymentOptions: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The newest imports, three rows each, and what is in the queues. */
export function statusText(
  reports: readonly Report[],
  { newer, total, waiting, brake, deploymentOptions, now }: StatusContext,
  output: Output,
): string {
  const { messages, deadLetters } = waiting
  const rows = reports.flatMap((report) => [
    styled(output, 'bold', fitted(report.file.key, WIDTH)),
    `  ${styledState(report, output)}${staleText(report, now)}`,
    `  ${countsText(report, now)}`,
  ])
  for (const file of newer)
    rows.push(
      styled(output, 'bold', fitted(file, WIDTH)),
      `  ${styled(output, 'yellow', 'written by a newer version')} of the importer: use that version of km-import`,
    )
  if (total === 0) rows.push('No files yet.')
  const shown = reports.length + newer.length
  if (shown < total) rows.push(`These are the newest ${grouped(shown)} of ${counted(total, 'file')}. Use --all to show all.`)
  rows.push('', `import queue ${grouped(messages)} · dead letters ${grouped(deadLetters)}`)
  rows.push(...brakeRows(brake, deploymentOptions))
  if (deadLetters > 0) rows.push(`See the rejected lines: npx km-import rejects list${deploymentOptions}`)
  return `${rows.join('\n')}\n`
}

function countsText(report: Report, now: number): string {
  const { lines, startedAt } = report
  const started = startedAt.slice(0, 16).replace('T', ' ')
  const parts = [
    `${started}  ${durationText(secondsOf(report, now))}`,
    counted(lines.total, 'line'),
    `${grouped(lines.delivered)} delivered`,
    ...(isFinal(report) ? [] : [`${grouped(rateOf(report, now))} a second`]),
  ]
  return parts.join(', ')
}

/** ", no news for 25 h 3 min", if an import that is not done is stale. */
function staleText(report: Report, now: number): string {
  const ms = staleForMs(report, now)
  return ms === undefined ? '' : `, no news for ${durationText(Math.round(ms / 1000))}`
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const MAX_EXAMPLES = 3

/** One report in full, with what to do next. */
export function reportText(
  report: Report,
  { deploymentOptions, now }: Pick<StatusContext, 'deploymentOptions' | 'now'>,
  output: Output,
): string {
  const { file, warnings, failure, time, startedAt } = report
  const rows = [
    styled(output, 'bold', fitted(file.key, WIDTH)),
    `  ${styledState(report, output)}${staleText(report, now)}`,
    '',
    ...countRows(report),
    '',
    detailRow('started', `${startedAt.slice(0, 19).replace('T', ' ')} UTC`),
    detailRow('duration', `${durationText(secondsOf(report, now))}, ${grouped(rateOf(report, now))} lines a second`),
    ...(time === undefined ? [] : [detailRow('events dated', `${dayText(time.first)} to ${dayText(time.last)}`)]),
    ...(failure === undefined ? [] : ['', ...wrapped(printable(failure.detail))]),
    ...(report.cancelled === undefined ? [] : ['', ...cancelledRows(report)]),
    ...(report.hold === undefined ? [] : ['', ...holdRows(report)]),
    ...reasonRows(report, output),
  ]
  const warned = [...ruleRows(report), ...warningRows(warnings)]
  if (warned.length > 0) rows.push('', ...warned)
  const nextSteps = [...nextStepRows(report, deploymentOptions, now), ...openOriginsRows(report, deploymentOptions)]
  rows.push('', ...nextSteps)
  return `${rows.join('\n')}\n`
}

function countRows({ lines, rejects, commands, repeatsPossible }: Report): readonly string[] {
  return [
    countRow('lines', lines.total),
    countRow(
      'delivered',
      lines.delivered,
      `record ${grouped(commands.record)}, set ${grouped(commands.set)}, alias ${grouped(commands.alias)}`,
    ),
    countRow('rejected', lines.rejected),
    countRow('undeliverable', lines.undeliverable),
    ...(rejects === undefined || rejects.fixed + rejects.discarded === 0
      ? []
      : [countRow('fixed', rejects.fixed), countRow('discarded', rejects.discarded), countRow('still open', rejects.open)]),
    countRow('blank', lines.blank),
    ...(repeatsPossible > 0 ? [countRow('repeats', repeatsPossible, 'at most; Kissmetrics ignores repeats')] : []),
  ]
}

function reasonRows({ rejectedBy }: Report, output: Output): readonly string[] {
  return Object.entries(rejectedBy).flatMap(([reason, { count, examples }]) => {
    const { means, fix } = REASONS[reason as ReasonCode]
    return [
      '',
      `  ${styled(output, 'bold', reason)}  ${grouped(count)}`,
      ...wrapped(`${means}. ${fix}`, '    '),
      ...examples.slice(0, MAX_EXAMPLES).map(({ line, detail }) => `    ${fitted(`line ${line}: ${detail}`, WIDTH - 4)}`),
    ]
  })
}

/** The command has a row of its own, so that it can be copied. */
function nextStepRows(report: Report, deploymentOptions: string, now: number): readonly string[] {
  const { state, file } = report
  switch (state) {
    case 'importing':
      if (report.paused !== undefined)
        return [
          ...wrapped('All imports are paused, so nothing is sent. To let them continue:'),
          `  npx km-import resume${deploymentOptions}`,
        ]
      if (staleForMs(report, now) !== undefined)
        return [
          ...wrapped('The import has stopped: its messages may be lost. The daily search queues the rest again. To do it now:'),
          `  npx km-import backfill${deploymentOptions}`,
        ]
      return wrapped('The import is running. Use --watch to follow it.')
    case 'complete':
      return wrapped('Every line was delivered.')
    case 'complete-after-fixing':
      return wrapped('Every line was delivered, or discarded by a person.')
    case 'held': {
      const [release = '', discard = ''] = decisionCommands(file.key, deploymentOptions)
      return [
        ...wrapped('Nothing was sent. To import the file all the same:'),
        `  ${release}`,
        ...wrapped('Or not to import it:'),
        `  ${discard}`,
      ]
    }
    case 'discarded':
      return wrapped('Nothing was sent. To import the file, upload it again.')
    case 'cancelled':
      return [
        ...wrapped(
          'The import was stopped before its end. What was delivered stays in Kissmetrics. To get the lines that were sent:',
        ),
        `  npx km-import cancel ${shellWord(printable(file.key))} -o sent.jsonl${deploymentOptions}`,
      ]
    case 'failed':
      return wrapped('Fix the file and import it again.')
    case 'skipped':
      return wrapped('No line was sent, and no dead letter was written.')
    case 'superseded':
    case 'gone':
      return wrapped('To import the file, upload it again.')
    case 'complete-with-rejects':
      return [
        ...wrapped(`To fix the ${counted(openLines(report), 'line')}:`),
        `  npx km-import rejects pull --key ${shellWord(printable(file.key))} -o rejects.jsonl${deploymentOptions}`,
      ]
  }
}

function countRow(label: string, count: number, note = ''): string {
  return `  ${label.padEnd(13)}${grouped(count).padStart(11)}${note === '' ? '' : `  ${note}`}`
}

function detailRow(label: string, text: string): string {
  return `  ${label.padEnd(14)}${text}`
}

function dayText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}
