import type { Report } from '../../lambda/report/report.ts'
import { grouped } from '../terminal/numbers.ts'
import { progressBar, timeLeft } from '../terminal/progress-bar.ts'

/** Lines that are delivered, rejected, undeliverable or blank. */
export function settledOf({ lines: { delivered, rejected, undeliverable, blank } }: Pick<Report, 'lines'>): number {
  return delivered + rejected + undeliverable + blank
}

/** Settled lines a second, from the start of the import to its end, or until now. */
export function rateOf(report: Pick<Report, 'lines' | 'startedAt' | 'finishedAt'>, now: number): number {
  return Math.round(settledOf(report) / Math.max(1, secondsOf(report, now)))
}

/** Duration in whole seconds; of a running import, until now. */
export function secondsOf({ startedAt, finishedAt }: Pick<Report, 'startedAt' | 'finishedAt'>, now: number): number {
  const end = finishedAt === undefined ? now : Date.parse(finishedAt)
  return Math.max(0, Math.round((end - Date.parse(startedAt)) / 1000))
}

/**
 * How far an import is: `█████░░░░░░░ 43% of 50,000 lines, 2 min left`.
 *
 * @param expected lines of the file; undefined if they are not known
 */
export function progressText(report: Report, expected: number | undefined, now: number): string {
  const settled = settledOf(report)
  if (expected === undefined || expected === 0 || settled > expected) return `${grouped(settled)} lines done`
  const share = settled / expected
  const left = timeLeft(expected - settled, rateOf(report, now))
  return [`${progressBar(share)} ${Math.floor(share * 100)}% of ${grouped(expected)} lines`, ...left].join(', ')
}
