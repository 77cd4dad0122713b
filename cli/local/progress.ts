import { isFinal, type Report } from '../../lambda/report/report.ts'
import { resultTable } from '../status/report-table.ts'
import { displayPath } from '../terminal/display-path.ts'
import { grouped, printable, type Output, type StatusLine } from '../terminal/output.ts'
import type { FollowedReport } from './reports.ts'

/** The files of this run: shows a status line while a file is imported, and a table when it is done. */
export class Progress {
  /** By path of the report, because each version of a file has its own report. */
  readonly #reports = new Map<string, Report>()
  readonly #status: StatusLine
  readonly #results: Output | undefined

  /** @param results where the tables are written; undefined with `--json`, which writes the reports at the end */
  constructor(status: StatusLine, results: Output | undefined) {
    this.#status = status
    this.#results = results
  }

  /** The final reports of this run, in the order in which their imports started. */
  get finished(): readonly Report[] {
    return [...this.#reports.values()].filter(isFinal)
  }

  /** The reports of imports that have started and are not done. */
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
  return `${printable(file.key)}: ${grouped(settled)} lines done, ${grouped(lines.rejected + lines.undeliverable)} rejected`
}
