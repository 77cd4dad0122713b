import { reportKey } from '../keys.ts'
import type { Rejection } from '../reasons.ts'
import { withPoint, type ProgressPoint } from './progress.ts'
import {
  cancelledReport,
  discardedReport,
  finalReport,
  heldReport,
  isFinal,
  isFinished,
  missingReport,
  progressReport,
  skippedReport,
  type CancelledLines,
  type HoldReport,
  type ImportState,
  type Report,
} from './report.ts'
import type { Clock, FoundReport, Reports } from '../ports.ts'

/** How often a progress report is written. */
export const PROGRESS_MS = 2_000

/** How often a final report is tried again because another run has written in between. */
const MAX_TRIES = 10

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

  /** Writes a progress report now, unless this run has seen that another one has written the final report. @throws the error of S3 */
  async write(importState: ImportState): Promise<void> {
    if (this.#isOutdated) return
    this.#writtenAt = this.#clock.now()
    await this.#replace(this.#withProgress(progressReport(importState, this.#now())), importState)
  }

  /**
   * Writes the final report.
   *
   * @returns the report that is stored: if another run has finished the same import, its report stays
   * @throws AccountingError if not every line has ended, or the error of S3
   */
  async finish(importState: ImportState, failure?: Rejection): Promise<Report> {
    return this.#putUnlessFinished(this.#withProgress(finalReport(importState, this.#now(), failure)), importState)
  }

  /** Writes the final report of a file that was deleted or replaced. @throws the error of S3 */
  async missing(importState: ImportState, state: 'superseded' | 'gone'): Promise<void> {
    await this.#putUnlessFinished(missingReport(importState, state, this.#now()), importState)
  }

  /** Writes the final report of an import that a person has cancelled. @returns the stored report, as for `finish` */
  async cancel(importState: ImportState, at: string, lines: CancelledLines): Promise<Report> {
    return this.#putUnlessFinished(this.#withProgress(cancelledReport(importState, at, lines, this.#now())), importState)
  }

  /** Writes the final report of an object that is not a file to import. @throws the error of S3 */
  async skip(importState: ImportState, why: Rejection): Promise<void> {
    await this.#putUnlessFinished(skippedReport(importState, why, this.#now()), importState)
  }

  /** Writes the report of a file that is held. If its import has been released and has ended meanwhile, that report stays. @throws the error of S3 */
  async hold(importState: ImportState, hold: HoldReport): Promise<void> {
    await this.#putUnlessFinished(heldReport(importState, hold, this.#now()), importState)
  }

  /** Writes the final report of a file that a person has discarded. @throws the error of S3 */
  async discard(importState: ImportState, hold: HoldReport): Promise<void> {
    await this.#putUnlessFinished(discardedReport(importState, hold, this.#now()), importState)
  }

  /** Waits for a report in the background. After that, this run writes nothing that a later run could miss. */
  async idle(): Promise<void> {
    await this.#writing
  }

  async #putUnlessFinished(report: Report, importState: ImportState): Promise<Report> {
    await this.#writing // or it could be written between two tries
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const { isWritten, other } = await this.#replace(report, importState)
      if (isWritten) return report
      if (other !== undefined && isFinished(other)) return other
    }
    throw new Error(`The report of ${report.file.key} is written by another run again and again.`)
  }

  /**
   * Replaces the report that this run has read or written last.
   *
   * @returns whether it was written, and otherwise the stored report. There may be none: S3 can refuse a write although no other run has
   *   written (409).
   */
  async #replace(report: Report, { file }: ImportState): Promise<{ readonly isWritten: boolean; readonly other?: Report }> {
    const key = reportKey(file)
    const tag = await this.#reports.replace(file.bucket, key, report, this.#tag)
    if (tag !== undefined) {
      this.#tag = tag
      return { isWritten: true }
    }
    const found = await this.#reports.find(file.bucket, key)
    this.#tag = found?.tag
    this.#isOutdated = found !== undefined && isFinal(found.report)
    return { isWritten: false, ...(found !== undefined && { other: found.report }) }
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
