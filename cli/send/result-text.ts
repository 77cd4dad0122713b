import type { Report } from '../../lambda/report/report.ts'
import { reportWithFileName } from '../files/file-in-hint.ts'
import { wrapped } from '../terminal/layout.ts'
import { labelledRow, reportRows, stateText, ruleRows, warningRows } from '../status/report-table.ts'
import { displayPath } from '../terminal/display-path.ts'
import { counted, grouped, printable, shellWord, type Output } from '../terminal/output.ts'
import type { SendResult } from './deliver-file.ts'
import type { SentFile } from './files.ts'

/** The result of a file: counts, where the rejected lines are, and what to do next. */
export function resultText(file: SentFile, report: Report, output: Output): string {
  const { lines, state } = report
  const rejectedPath = printable(displayPath(file.rejectedPath))
  const rows = [...reportRows(asSent(file, report), output), labelledRow('report', printable(displayPath(file.reportPath)))]
  rows.push(...ruleRows(report), ...warningRows(report.warnings))
  if (lines.rejected + lines.undeliverable > 0)
    rows.push(
      labelledRow('rejected lines', rejectedPath),
      ...wrapped('Fix "line" in each row, delete the rows that you do not want to send, then:'),
      `  npx km-import send ${shellWord(rejectedPath)}`,
    )
  if (state === 'superseded' || state === 'gone')
    rows.push(
      ...wrapped(
        `The file was changed while it was sent, after ${counted(lines.delivered, 'line')}. Run the same command to send it as it is now; Kissmetrics ignores repeats.`,
      ),
    )
  return `${rows.join('\n')}\n\n`
}

/** The report of a file that the user knows by its name; so does a command in it. */
function asSent({ name, path }: SentFile, report: Report): Report {
  return reportWithFileName({ ...report, file: { ...report.file, key: name } }, displayPath(path))
}

/** The message for a file that an earlier command has sent. */
export function alreadySentText({ name }: SentFile, report: Report): string {
  const sentAt = (report.finishedAt ?? '').slice(0, 16).replace('T', ' at ')
  return wrappedText(`${name} was already sent on ${sentAt} UTC (${stateText(report)}). Use --again to send it again.`)
}

/** The message for a send that ended before the end of its file. */
export function stoppedText({ name }: SentFile, { kind, settled }: Exclude<SendResult, { readonly kind: 'ended' }>): string {
  const why = kind === 'interrupted' ? 'Interrupted.' : 'Stopped: the endpoint is down.'
  return wrappedText(`${why} ${counted(settled, 'line')} of ${name} are done. Run the same command to continue.`)
}

/** What became of the rejected lines of a file since. Nothing to say while none is closed. */
export function closedText(name: string, { rejects: { open, fixed, discarded } = NOTHING_CLOSED }: Report): string {
  if (fixed + discarded === 0) return ''
  return wrappedText(
    `${printable(name)}: of its rejected lines, ${grouped(fixed)} fixed and delivered, ${grouped(discarded)} discarded, ${grouped(open)} still open.`,
  )
}

const NOTHING_CLOSED = { open: 0, fixed: 0, discarded: 0 }

/** A message, wrapped for a terminal, with a newline at its end. */
export function wrappedText(text: string): string {
  return `${wrapped(text, '').join('\n')}\n`
}
