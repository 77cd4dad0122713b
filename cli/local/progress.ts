import { isFinal, type Report } from '../../lambda/report/report.ts'
import { displayPath } from '../terminal/display-path.ts'
import { grouped, printable, type Output, type StatusLine } from '../terminal/output.ts'
import type { FollowedReport } from './reports.ts'
import { resultTable } from '../status/report-table.ts'

/** What is known of the drops of this run, and shown: a status line while one is imported, a table when it has ended. */
export class Progress {
  /** By where the report lies, so that a new version of a file is a drop of its own. */
  readonly #reports = new Map<string, Report>()
  readonly #status: StatusLine
  readonly #results: Output | undefined

  /** @param results where the tables go; none where the reports are written as JSON at the end */
  constructor(status: StatusLine, results: Output | undefined) {
    this.#status = status
    this.#results = results
  }

  /** The reports of this run that are final, in the order in which they were begun. */
  get finished(): readonly Report[] {
    return [...this.#reports.values()].filter(isFinal)
  }

  /** Those that were begun and have not come to their end. */
  get unfinished(): readonly Report[] {
    return [...this.#reports.values()].filter((report) => !isFinal(report))
  }

  show(followed: readonly FollowedReport[], deadLetters: number): void {
    for (const { report, file } of followed) {
      this.#reports.set(file, report)
      if (!isFinal(report) || this.#results === undefined) continue
      this.#status.clear()
      this.#results.write(`${resultTable(report, displayPath(file), deadLetters, this.#results)}\n`)
    }
    if (this.unfinished.length > 0) this.#status.show(this.unfinished.map(progressOf).join(' · '))
  }
}

function progressOf({ file, lines }: Report): string {
  const settled = lines.delivered + lines.rejected + lines.undeliverable + lines.blank
  return `${printable(file.key)}: ${grouped(settled)} lines done, ${grouped(lines.rejected + lines.undeliverable)} came back`
}
