import type { Brake } from '../../lambda/control/brake.ts'
import { REASONS, type ReasonCode } from '../../lambda/reasons.ts'
import { isFinal, openLines, staleForMs, type Report } from '../../lambda/report/report.ts'
import { brakeRows } from '../control/brake-text.ts'
import { cancelledRows } from '../control/cancel-text.ts'
import type { QueueDepths } from '../deployment/queue-depth.ts'
import { decisionCommands, holdRows } from '../safety/hold-text.ts'
import { periodText } from '../terminal/days.ts'
import { fitted, fittedPath, listed, widthFor, widthOf, wrapped } from '../terminal/layout.ts'
import { counted, grouped, printable, shellWord, styled, type Output } from '../terminal/output.ts'
import { openOriginsRows } from './open-origins.ts'
import { progressText, rateOf, secondsOf } from './progress-text.ts'
import { reasonsByCount, styledState, ruleRows, warningRows } from './report-table.ts'

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

export interface StatusContext {
  /** Files whose reports only a newer version of the importer can read. */
  readonly newer: readonly string[]
  /** Files in the deployment; more than the reports that are shown. */
  readonly total: number
  readonly waiting: QueueDepths
  readonly brake: Brake
  /** Options that choose the deployment, for commands in hints: ` --stack NAME` or nothing. */
  readonly deploymentOptions: string
  /** Lines of the files of running imports, as far as they are known. */
  readonly expected: ReadonlyMap<Report, number>
  /** Milliseconds since 1970. */
  readonly now: number
  /** Rows that the text may have; undefined for all. */
  readonly maxRows?: number
}

/** The newest imports, the newest first, and what is in the queues. */
export function statusText(reports: readonly Report[], context: StatusContext, output: Output): string {
  const { newer, total, deploymentOptions } = context
  const width = widthFor(output)
  const files = reports
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
    .map((report) => fileRows(report, context, output))
  for (const file of newer)
    files.push([
      styled(output, 'bold', fittedPath(file, width)),
      `  ${styled(output, 'yellow', 'written by a newer version')} of the importer: use that version of km-import`,
    ])
  const last = ['', ...queueRows(context)]
  const shown = filesThatFit(files, total, last.length, context)
  const rows = shown.flat()
  if (total === 0) rows.push('No files yet.')
  if (shown.length < total) rows.push(...moreRows(shown.length, files.length, total, deploymentOptions))
  return `${[...rows, ...last].join('\n')}\n`
}

function fileRows(report: Report, { expected, now, deploymentOptions }: StatusContext, output: Output): readonly string[] {
  const width = widthFor(output)
  return [
    styled(output, 'bold', fittedPath(report.file.key, width)),
    `  ${styledState(report, output)}${staleText(report, now)}`,
    ...stateRows(report, expected.get(report), now, width),
    ...(report.state !== 'held'
      ? []
      : [`  See why: npx km-import status ${shellWord(printable(report.file.key))}${deploymentOptions}`]),
    ...(openLines(report) === 0 || Object.keys(report.rejectedBy).length === 0 ? [] : [`  ${reasonsText(report, width - 2)}`]),
  ]
}

/** On a terminal that is redrawn, what does not fit would scroll away the newest. */
function filesThatFit(
  files: readonly (readonly string[])[],
  total: number,
  lastRows: number,
  { maxRows = Infinity }: StatusContext,
): readonly (readonly string[])[] {
  let rows = lastRows + (files.length < total ? 1 : 0)
  const count = files.findIndex((file) => (rows += file.length) > maxRows)
  return count === -1 ? files : files.slice(0, Math.max(1, count))
}

function moreRows(shown: number, found: number, total: number, deploymentOptions: string): readonly string[] {
  const how = shown < found ? `npx km-import status${deploymentOptions} shows more.` : 'Use --all to show all.'
  return [`These are the newest ${grouped(shown)} of ${counted(total, 'file')}. ${how}`]
}

function queueRows({ waiting, brake, deploymentOptions }: StatusContext): readonly string[] {
  const { messages, deadLetters } = waiting
  return [
    `import queue ${grouped(messages)} · dead letters ${grouped(deadLetters)}`,
    ...brakeRows(brake, deploymentOptions),
    ...(deadLetters > 0 ? [`See the rejected lines: npx km-import rejects list${deploymentOptions}`] : []),
  ]
}

function startText({ startedAt }: Report): string {
  return startedAt.slice(0, 16).replace('T', ' ')
}

function stateRows(report: Report, expected: number | undefined, now: number, width: number): readonly string[] {
  if (report.state === 'held') return [`  ${startText(report)}  ${counted(report.lines.total, 'line')}`]
  return isFinal(report) ? endedRows(report, now, width) : runningRows(report, expected, now, width)
}

/** A file that is rejected or skipped as a whole has no counts: its row says why, and what to do. */
function endedRows(report: Report, now: number, width: number): readonly string[] {
  const { failure, lines } = report
  if (failure === undefined) return [`  ${countsText(report, now)}`]
  const why = printable(failure.detail)
  return lines.total === 0
    ? wrapped(`${startText(report)}  ${why}`, '  ', width)
    : [`  ${countsText(report, now)}`, ...wrapped(why, '  ', width)]
}

function countsText(report: Report, now: number): string {
  const { lines } = report
  const parts = [
    `${startText(report)}  ${durationText(secondsOf(report, now))}`,
    counted(lines.total, 'line'),
    `${grouped(lines.delivered)} delivered`,
  ]
  return parts.join(', ')
}

/** On two rows if one is too narrow: a terminal that is redrawn must know how many rows there are. */
function runningRows(report: Report, expected: number | undefined, now: number, width: number): readonly string[] {
  const progress = `  ${startText(report)}  ${progressText(report, expected, now)}`
  const counts = `${grouped(report.lines.delivered)} delivered, ${grouped(rateOf(report, now))} a second`
  const row = `${progress}, ${counts}`
  return widthOf(row) <= width ? [row] : [progress, `  ${counts}`]
}

/** The reasons, the most frequent first. */
function reasonsText({ rejectedBy }: Report, width: number): string {
  return listed(
    reasonsByCount(rejectedBy).map(([reason, { count }]) => `${reason} ${grouped(count)}`),
    width,
  )
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
    styled(output, 'bold', fittedPath(file.key, widthFor(output))),
    `  ${styledState(report, output)}${staleText(report, now)}`,
    '',
    ...countRows(report),
    '',
    detailRow('started', `${startedAt.slice(0, 19).replace('T', ' ')} UTC`),
    detailRow('duration', `${durationText(secondsOf(report, now))}, ${grouped(rateOf(report, now))} lines a second`),
    ...(time === undefined ? [] : [detailRow('events dated', periodText(time.first, time.last))]),
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

function reasonRows({ rejectedBy, grouped: sharing = {} }: Report, output: Output): readonly string[] {
  return reasonsByCount(rejectedBy).flatMap(([reason, { count, examples }]) => {
    const { means, fix } = REASONS[reason as ReasonCode]
    return [
      '',
      `  ${styled(output, 'bold', reason)}  ${grouped(count)}`,
      ...wrapped(`${means}. ${fix}`, '    '),
      ...groupRows(sharing[reason as ReasonCode]),
      ...examples
        .slice(0, MAX_EXAMPLES)
        .map(({ line, detail }) => `    ${fitted(`line ${line}: ${detail}`, widthFor(output) - 4)}`),
    ]
  })
}

function groupRows(lines = 0): readonly string[] {
  return lines === 0 ? [] : [`    ${counted(lines, 'line')} with this reason: in one dead letter`]
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
