import type { Report } from '../../lambda/report/report.ts'
import { grouped, printable, styled, type Output, type Style } from '../terminal/output.ts'

/** As many line numbers as fit on a line of 80 columns, whatever their length. */
const LINE_NUMBERS_WIDTH = 36

export const STATES: Readonly<Record<Report['state'], readonly [words: string, style: Style]>> = {
  importing: ['not finished', 'yellow'],
  complete: ['complete', 'green'],
  'complete-with-rejects': ['complete, some lines came back', 'yellow'],
  failed: ['came back as a whole', 'red'],
  superseded: ['not imported: replaced by a newer file of that name', 'yellow'],
  gone: ['not imported: deleted before it was read', 'yellow'],
}

/**
 * What became of a drop, for a person: how many lines, where they went, and what to do next.
 *
 * @param where the report lies
 * @param deadLetters how many wait in the dead-letter queue, over all drops
 */
export function resultTable(report: Report, where: string, deadLetters: number, output: Output): string {
  const rows = [
    ...reportRows(report, output),
    noted('report', printable(where)),
    row('dead letters', deadLetters, deadLetters === 1 ? 'waits in the dead-letter queue' : 'wait in the dead-letter queue'),
  ]
  return `${rows.join('\n')}\n`
}

/** One row beside the counts. */
export function noted(name: string, text: string): string {
  return `  ${name.padEnd(INDENT - 2)}${text}`
}

/** What became of the lines. */
export function reportRows(report: Report, output: Output): readonly string[] {
  const [words, style] = STATES[report.state]
  const { lines, failure } = report
  return [
    `${styled(output, 'bold', printable(report.file.key))}  ${styled(output, style, words)}`,
    ...(failure === undefined ? [] : wrapped('why', printable(failure.detail))),
    // Nothing was counted of a drop that was refused before its first line.
    ...(failure !== undefined && lines.total === 0 ? [] : countsOf(report)),
    ...(report.repeatsPossible > 0
      ? [row('repeats', report.repeatsPossible, 'at most: an earlier run broke off; Kissmetrics drops repeats')]
      : []),
  ]
}

function countsOf(report: Report): readonly string[] {
  const { lines } = report
  return [
    row('lines', lines.total),
    row('delivered', lines.delivered, commandsOf(report)),
    row('rejected', lines.rejected),
    row('undeliverable', lines.undeliverable),
    ...reasonsOf(report),
    row('blank', lines.blank),
  ]
}

const WIDTH = 80
const INDENT = 17

/** A sentence beside its name, on as many rows as it needs. */
function wrapped(name: string, sentence: string): readonly string[] {
  const rows: string[] = []
  let row = `  ${name}`.padEnd(INDENT - 1)
  for (const word of sentence.split(' ')) {
    if (row.length + 1 + word.length > WIDTH) {
      rows.push(row)
      row = ' '.repeat(INDENT - 1)
    }
    row += ` ${word}`
  }
  return [...rows, row]
}

function row(name: string, count: number, note = ''): string {
  return `  ${name.padEnd(13)}${grouped(count).padStart(9)}${note === '' ? '' : `  ${note}`}`
}

function commandsOf({ commands }: Report): string {
  return Object.entries(commands)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${grouped(count)}`)
    .join(', ')
}

function reasonsOf({ rejectedBy }: Report): readonly string[] {
  return Object.entries(rejectedBy).map(([reason, { count, examples }]) => {
    const numbers = lineNumbers(examples.map(({ line }) => line))
    return `    ${reason.padEnd(26)}${grouped(count).padStart(7)}  ${examples.length === 1 ? 'line' : 'lines'} ${numbers}${moreThan(count, numbers)}`
  })
}

function lineNumbers(numbers: readonly number[]): string {
  let text = ''
  for (const number of numbers) {
    const longer = text === '' ? String(number) : `${text}, ${number}`
    if (longer.length > LINE_NUMBERS_WIDTH - 'lines , …'.length) break
    text = longer
  }
  return text
}

function moreThan(count: number, numbers: string): string {
  return count > numbers.split(', ').length ? ', …' : ''
}
