import type { Report } from '../../lambda/report/report.ts'
import { wrapped } from '../terminal/layout.ts'
import { noted, reportRows, STATES } from '../status/report-table.ts'
import { displayPath } from '../terminal/display-path.ts'
import { grouped, printable, type Output } from '../terminal/output.ts'
import type { Sent } from './deliver-file.ts'
import type { SentFile } from './files.ts'

/** What became of a file, where what came back lies, and what to do next. */
export function resultText(file: SentFile, report: Report, output: Output): string {
  const { lines } = report
  const back = lines.rejected + lines.undeliverable
  const rejected = displayPath(file.rejectedPath)
  const rows = [
    ...reportRows({ ...report, file: { ...report.file, key: file.name } }, output),
    noted('report', printable(displayPath(file.reportPath))),
    ...(back === 0
      ? []
      : [
          noted('came back', printable(rejected)),
          ...wrapped(
            `Mend "line" in each of its rows, take out what is not to be sent, then: km-import send ${printable(rejected)}`,
          ),
        ]),
    ...(report.state === 'superseded' || report.state === 'gone'
      ? wrapped(
          `It was changed while it was sent. ${grouped(lines.delivered)} lines of it had gone; the same command sends it as it is now, and Kissmetrics counts what is the same once.`,
        )
      : []),
  ]
  return `${rows.join('\n')}\n\n`
}

/** Said in place of sending it once more. */
export function alreadySentText({ name }: SentFile, { finishedAt = '', state }: Report): string {
  const [words] = STATES[state]
  return sentence(
    `${name} was sent on ${finishedAt.slice(0, 16).replace('T', ' at ')} UTC (${words}) and has not changed since. Nothing is to be done; --again sends it once more.`,
  )
}

/** How far it is, and how it goes on. */
export function stoppedText({ name }: SentFile, sent: Exclude<Sent, { readonly kind: 'ended' }>): string {
  const why = sent.kind === 'interrupted' ? 'Interrupted.' : 'The endpoint does not answer, and nobody is here to wait for it.'
  return sentence(`${why} ${grouped(sent.settled)} lines of ${name} are done; the same command goes on from there.`)
}

/** A sentence on as many rows as it needs. */
export function sentence(sentence: string): string {
  return `${wrapped(sentence, '').join('\n')}\n`
}
