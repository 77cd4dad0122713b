import { reportKey } from '../keys.ts'
import type { Rejection } from '../reasons.ts'
import { withPoint, type ProgressPoint } from './progress.ts'
import { finalReport, missingReport, progressReport, type ImportState, type Report } from './report.ts'
import type { Clock, FoundReport, Reports } from '../ports.ts'

/** How often a progress report is written. */
const PROGRESS_MS = 2_000

/** Keeps the report of one file up to date. */
export class ReportWriter {
  readonly #reports: Reports
  readonly #clock: Pick<Clock, 'now'>
  #progress: readonly ProgressPoint[]
  #tag: string | undefined
  #writtenAt = -Infinity
  #isOutdated = false
  #writing: Promise<void> | undefined

  /** @param found the report that an earlier invocation wrote */
  constructor(found: FoundReport | undefined, reports: Reports, clock: Pick<Clock, 'now'>) {
    this.#tag = found?.tag
    this.#progress = found?.report.progress ?? []
    this.#reports = reports
    this.#clock = clock
  }

  /**
   * Writes a progress report in the background, at most every two seconds.
   *
   * Nothing depends on it, so errors are ignored. It never overwrites what another run has written, which could be the final report.
   */
  progress(importState: () => ImportState): void {
    if (this.#writing !== undefined || this.#isOutdated || this.#clock.now() - this.#writtenAt < PROGRESS_MS) return
    this.#writing = this.write(importState())
      .catch(() => undefined)
      .finally(() => {
        this.#writing = undefined
      })
  }

  /** Writes a progress report now. @throws the error of S3 */
  async write(importState: ImportState): Promise<void> {
    this.#writtenAt = this.#clock.now()
    const { file } = importState
    const tag = await this.#reports.replace(
      file.bucket,
      reportKey(file),
      this.#withProgress(progressReport(importState)),
      this.#tag,
    )
    this.#isOutdated = tag === undefined
    this.#tag = tag ?? this.#tag
  }

  /** Writes the final report. @throws AccountingError if not every line has ended, or the error of S3 */
  async finish(importState: ImportState, failure?: Rejection): Promise<Report> {
    const report = this.#withProgress(finalReport(importState, this.#now(), failure))
    await this.#putFinal(report, importState)
    return report
  }

  /** Writes the final report of a file that was deleted or replaced. @throws the error of S3 */
  async missing(importState: ImportState, state: 'superseded' | 'gone'): Promise<void> {
    await this.#putFinal(missingReport(importState, state, this.#now()), importState)
  }

  /** Waits for a report in the background. After that, this run writes nothing that a later run could miss. */
  async idle(): Promise<void> {
    await this.#writing
  }

  async #putFinal(report: Report, { file }: ImportState): Promise<void> {
    await this.#writing // or it could overwrite the final report
    await this.#reports.put(file.bucket, reportKey(file), report)
  }

  #withProgress(report: Report): Report {
    const { startedAt, lines } = report
    this.#progress = withPoint(this.#progress, {
      atMs: Math.max(0, this.#clock.now() - Date.parse(startedAt)),
      delivered: lines.delivered,
      notDelivered: lines.rejected + lines.undeliverable,
    })
    return { ...report, progress: this.#progress }
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString()
  }
}
