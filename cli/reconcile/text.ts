import { periodText } from '../terminal/days.ts'
import { padded, wrapped } from '../terminal/layout.ts'
import { counted, grouped, shellWord, styled, type Output } from '../terminal/output.ts'
import { missingOf, type ComparedEvent } from './comparison.ts'
import type { ReconcileSummary } from './summary.ts'

const NAME_COLUMNS = 40
/** Days that are listed for an event. */
const MAX_DAYS = 5

/** The comparison for the user: what is missing first, and what to do next. */
export function reconcileText(summary: ReconcileSummary, output: Output): string {
  const { export: exported, files, events, missing, outside, undeliverable } = summary
  const period = exported.first === undefined ? '' : `, ${periodText(exported.first, exported.last ?? exported.first)}`
  const rows = [
    `export ${counted(exported.files, 'file')}, ${counted(exported.lines, 'line')}${period}`,
    `sent   ${counted(files, 'file')}`,
    '',
    styled(output, 'bold', row('event', 'sent', 'found', 'missing')),
    ...events.flatMap((event) => eventRows(event, output)),
    '',
    ...resultRows(missing, output),
  ]
  if (outside > 0)
    rows.push(
      ...note(`${counted(outside, 'command')} dated before or after the period of the export, so the export cannot show them.`),
    )
  if (exported.waiting > 0)
    rows.push(...note(`Kissmetrics had not exported ${counted(exported.waiting, 'revision')} yet: what is missing may be there.`))
  if (exported.unreadable > 0)
    rows.push(...note(`${counted(exported.unreadable, 'line')} of the export could not be read, and may be what is missing.`))
  if (undeliverable > 0 && missing.lines > 0)
    rows.push(...note(`The reports name ${counted(undeliverable, 'undeliverable line')}: these were never delivered.`))
  if (missing.output !== undefined)
    rows.push('To send the missing lines again:', `  npx km-import send ${shellWord(missing.output)}`)
  return `${rows.join('\n')}\n`
}

function eventRows(event: ComparedEvent, output: Output): readonly string[] {
  const { sent, found, days } = event
  const missing = missingOf(event)
  const total = row(nameOf(event), grouped(sent), grouped(found), grouped(missing))
  const incomplete = days.filter((day) => missingOf(day) > 0)
  const more = incomplete.length - MAX_DAYS
  return [
    missing > 0 ? styled(output, 'yellow', total) : total,
    ...incomplete
      .slice(0, MAX_DAYS)
      .map((day) => row(`  ${day.day}`, grouped(day.sent), grouped(day.found), grouped(missingOf(day)))),
    ...(more > 0 ? [`  and ${counted(more, 'more day')}`] : []),
  ]
}

function nameOf({ kind, event }: ComparedEvent): string {
  switch (kind) {
    case 'record':
      return event ?? ''
    case 'set':
      return '(properties without an event)'
    case 'alias':
      return '(aliases)'
  }
}

function resultRows({ lines }: ReconcileSummary['missing'], output: Output): readonly string[] {
  return lines === 0
    ? [styled(output, 'green', 'Everything that was sent is in the export.')]
    : [styled(output, 'yellow', `${counted(lines, 'line')} not in the export.`)]
}

function note(text: string): readonly string[] {
  return wrapped(text, '')
}

function row(name: string, ...columns: readonly string[]): string {
  return `${padded(name, NAME_COLUMNS)}${columns.map((column) => column.padStart(12)).join('')}`
}
