import { INCOMING_PREFIX } from '../../lambda/keys.ts'
import { isFinal, type Report } from '../../lambda/report/report.ts'
import { reportWithFileName } from '../files/file-in-hint.ts'
import { decisionCommands } from '../safety/hold-text.ts'
import { progressText } from '../status/progress-text.ts'
import { resultTable } from '../status/report-table.ts'
import { displayPath } from '../terminal/display-path.ts'
import { fittedPath } from '../terminal/layout.ts'
import { grouped, printable, type Output, type StatusLine } from '../terminal/output.ts'
import { fileOfKey } from './file-of-key.ts'
import type { FollowedReport } from './reports.ts'

/** Files that the status line names. */
const MAX_SHOWN = 3
const NAME_COLUMNS = 30

/** What the commands in hints need. */
interface Hints {
  readonly deploymentOptions: string
  readonly watchedDir: string
}

/** The files of this run: shows a status line while a file is imported, and a table when it is done. */
export class Progress {
  /** By key of the report, because each version of a file has its own report. */
  readonly #unfinished = new Map<string, Report>()
  /** Keys of reports, in the order in which they became final. A run can have more reports than fit into memory. */
  readonly #finished = new Set<string>()
  readonly #status: StatusLine
  readonly #results: Output | undefined
  readonly #hints: Hints
  readonly #expectedLines: (report: Report) => Promise<number | undefined>

  /**
   * @param results where the tables are written; undefined with `--json`, which writes the reports at the end
   * @param expectedLines how many lines the file of a running import has, if that is known
   */
  constructor(
    status: StatusLine,
    results: Output | undefined,
    hints: Hints,
    expectedLines: (report: Report) => Promise<number | undefined>,
  ) {
    this.#expectedLines = expectedLines
    this.#hints = hints
    this.#status = status
    this.#results = results
  }

  /** The keys of the reports of files that have ended, or are held. */
  get finished(): Iterable<string> {
    return this.#finished
  }

  /** The reports of imports that have started and are not done. */
  get unfinished(): readonly Report[] {
    return [...this.#unfinished.values()]
  }

  async show(followed: readonly FollowedReport[], deadLetters: number): Promise<void> {
    for (const { key, report, file } of followed) {
      if (!isFinal(report) && report.state !== 'held') {
        this.#unfinished.set(key, report)
        continue
      }
      this.#unfinished.delete(key)
      this.#finished.add(key)
      if (this.#results === undefined) continue
      this.#status.clear()
      const shown = file === undefined ? printable(key) : displayPath(file)
      const named = reportWithFileName(report, fileOfKey(report.file.key, this.#hints.watchedDir))
      this.#results.write(`${resultTable(named, shown, deadLetters, this.#results)}\n`)
      if (report.state === 'held') this.#results.write(`${this.#decisionText(report)}\n`)
    }
    if (this.#unfinished.size > 0) this.#status.show(await this.#statusLine())
  }

  #decisionText({ file }: Report): string {
    const [release = '', discard = ''] = decisionCommands(file.key, this.#hints.deploymentOptions)
    return `To import it all the same:\n  ${release}\nOr not to import it:\n  ${discard}\n`
  }

  async #statusLine(): Promise<string> {
    const reports = [...this.#unfinished.values()].slice(0, MAX_SHOWN)
    const shown = await Promise.all(reports.map(async (report) => progressOf(report, await this.#expectedLines(report))))
    const more = this.#unfinished.size - shown.length
    return [...shown, ...(more > 0 ? [`${grouped(more)} more`] : [])].join(' · ')
  }
}

function progressOf(report: Report, expected: number | undefined): string {
  const { file, lines } = report
  const name = fittedPath(file.key.replace(INCOMING_PREFIX, ''), NAME_COLUMNS)
  const rejected = lines.rejected + lines.undeliverable
  return `${name}: ${progressText(report, expected, Date.now())}, ${grouped(rejected)} rejected`
}
