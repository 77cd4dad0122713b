import { reportKey } from '../keys.ts'
import type { Rejection } from '../reasons.ts'
import { withPoint, type ProgressPoint } from './progress.ts'
import { finalReport, missingReport, progressReport, type ImportState, type Report } from './report.ts'
import type { Clock, FoundReport, Reports } from '../ports.ts'

/** How often the report of an import that goes on is written anew. */
const PROGRESS_MS = 2_000

/** Keeps the report of one drop up to date, from the first byte to the last line. */
export class ReportWriter {
  readonly #reports: Reports
  readonly #clock: Pick<Clock, 'now'>
  #progress: readonly ProgressPoint[]
  #tag: string | undefined
  #writtenAt = -Infinity
  #isOvertaken = false
  #writing: Promise<void> | undefined

  /** @param found what an invocation before this one left */
  constructor(found: FoundReport | undefined, reports: Reports, clock: Pick<Clock, 'now'>) {
    this.#tag = found?.tag
    this.#progress = found?.report.progress ?? []
    this.#reports = reports
    this.#clock = clock
  }

  /**
   * Writes how far the import is, at most every two seconds and beside it: lines go on while S3 takes the report.
   *
   * Nothing depends on such a report, so one that S3 does not take is passed over. It never replaces what another run has written: that
   * could be the last one.
   */
  progress(importState: () => ImportState): void {
    if (this.#writing !== undefined || this.#isOvertaken || this.#clock.now() - this.#writtenAt < PROGRESS_MS) return
    this.#writing = this.begin(importState())
      .catch(() => undefined)
      .finally(() => {
        this.#writing = undefined
      })
  }

  /** The same, at once. */
  async begin(importState: ImportState): Promise<void> {
    this.#writtenAt = this.#clock.now()
    const { file } = importState
    const tag = await this.#reports.replace(
      file.bucket,
      reportKey(file),
      this.#withCourse(progressReport(importState)),
      this.#tag,
    )
    this.#isOvertaken = tag === undefined
    this.#tag = tag ?? this.#tag
  }

  /** Every line has ended. @throws AccountingError where the sums say otherwise */
  async finish(importState: ImportState, failure?: Rejection): Promise<Report> {
    const report = this.#withCourse(finalReport(importState, this.#time(), failure))
    await this.#putLast(report, importState)
    return report
  }

  async missing(importState: ImportState, state: 'superseded' | 'gone'): Promise<void> {
    await this.#putLast(missingReport(importState, state, this.#time()), importState)
  }

  /** The import stops here for now: nothing is written behind the back of who comes next. */
  async rest(): Promise<void> {
    await this.#writing
  }

  async #putLast(report: Report, { file }: ImportState): Promise<void> {
    await this.#writing // or it could overtake the last one
    await this.#reports.put(file.bucket, reportKey(file), report)
  }

  #withCourse(report: Report): Report {
    const { startedAt, lines } = report
    this.#progress = withPoint(this.#progress, {
      atMs: Math.max(0, this.#clock.now() - Date.parse(startedAt)),
      delivered: lines.delivered,
      notDelivered: lines.rejected + lines.undeliverable,
    })
    return { ...report, progress: this.#progress }
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString()
  }
}
