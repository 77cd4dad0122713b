import type { Clock } from '../deliver/deliver.ts'
import type { Drop } from '../intake/drop.ts'
import type { Rejection } from '../reasons.ts'
import type { LedgerSums } from '../settle/ledger.ts'
import { finalReport, missingReport, progressReport, reportKey, type Account, type Report } from './report.ts'
import type { Reports } from './reports.ts'

/** How often the report of an import that goes on is written anew. */
const PROGRESS_MS = 2_000

/** Keeps the report of one drop up to date, from the first byte to the last line. */
export class ReportKeeper {
  readonly #drop: Drop
  readonly #earlier: Report | undefined
  readonly #reports: Reports
  readonly #clock: Clock
  readonly #startedAt: string
  #bytes: number
  #linesRead = 0
  #writtenAt = 0
  #writing: Promise<void> | undefined

  /** @param earlier what an invocation before this one left, where it did not come to the end */
  constructor(drop: Drop, earlier: Report | undefined, reports: Reports, clock: Clock) {
    this.#drop = drop
    this.#earlier = earlier
    this.#reports = reports
    this.#clock = clock
    this.#startedAt = earlier?.startedAt ?? new Date(clock.now()).toISOString()
    this.#bytes = drop.bytes ?? 0
  }

  get invocation(): number {
    return (this.#earlier?.invocations ?? 0) + 1
  }

  /** The drop is open: from now on there is a report. */
  async begin(bytes: number, sums: LedgerSums): Promise<void> {
    this.#bytes = bytes
    await this.#put(progressReport(this.#account(sums)))
    this.#writtenAt = this.#clock.now()
  }

  /** A line was given out by the reader. */
  countLine(): void {
    this.#linesRead += 1
  }

  /**
   * Writes how far the import is, at most every two seconds and beside it: lines go on while S3 takes the report.
   *
   * Nothing depends on such a report, so one that S3 does not take is passed over: the next follows at once, and the last must succeed.
   */
  progress(sums: () => LedgerSums): void {
    if (this.#writing !== undefined || this.#clock.now() - this.#writtenAt < PROGRESS_MS) return
    this.#writtenAt = this.#clock.now()
    this.#writing = this.#put(progressReport(this.#account(sums())))
      .catch(() => undefined)
      .finally(() => {
        this.#writing = undefined
      })
  }

  /** Every line has ended. @throws AccountingError where the sums say otherwise */
  async finish(sums: LedgerSums, failure?: Rejection): Promise<Report> {
    await this.#writing // or it could overtake the last one
    const report = finalReport(this.#account(sums), new Date(this.#clock.now()).toISOString(), failure)
    await this.#put(report)
    return report
  }

  async missing(state: 'superseded' | 'gone', sums: LedgerSums): Promise<void> {
    await this.#put(missingReport(this.#account(sums), state, new Date(this.#clock.now()).toISOString()))
  }

  /** The import broke off: what is known is written down for whoever looks, and for the next invocation to count itself by. */
  async breakOff(sums: LedgerSums): Promise<void> {
    await this.#writing
    await this.#put(progressReport(this.#account(sums))).catch(() => undefined) // what broke the import off tells more
  }

  #put(report: Report): Promise<void> {
    return this.#reports.put(this.#drop.bucket, reportKey(this.#drop), report)
  }

  #account(sums: LedgerSums): Account {
    return {
      drop: this.#drop,
      bytes: this.#bytes,
      sums,
      linesRead: this.#linesRead,
      startedAt: this.#startedAt,
      invocations: this.invocation,
      // An earlier invocation began at the first line as this one did; whatever it delivered is delivered again.
      repeatsPossible: this.#earlier === undefined ? 0 : sums.lines.delivered,
    }
  }
}
