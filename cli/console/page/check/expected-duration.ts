import type { Report } from '../../../../lambda/report/report.ts'
import type { Estimate } from '../../../preview/summary.ts'
import { durationText } from '../format.ts'

/** Shorter imports say more about the start than about the rate. */
const MIN_LINES = 1_000
const MIN_MS = 1_000
const MAX_IMPORTS = 5

/** How long an import will take, from the last imports of this importer; without any, from the endpoint's known rates. */
export function expectedDuration(lines: number, reports: readonly Report[], estimate: Estimate): string {
  const rates = reports.flatMap(rateOf).slice(0, MAX_IMPORTS)
  const median = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]
  if (median !== undefined) return `about ${roughly(lines / median)}, like the last imports`
  const [fastest, slowest] = [roughly(estimate.fastestSeconds), roughly(estimate.slowestSeconds)]
  return fastest === slowest ? `about ${fastest}` : `${fastest} to ${slowest}`
}

const MINUTE = 60
const HOUR = 3_600

/** In one unit: an estimate is not more exact. */
function roughly(seconds: number): string {
  const unit = seconds >= HOUR ? HOUR : seconds >= MINUTE ? MINUTE : 1
  return durationText(Math.max(1, Math.round(seconds / unit)) * unit * 1000)
}

/** Lines a second of an import that was long enough. */
function rateOf({ lines: { delivered }, startedAt, finishedAt }: Report): readonly number[] {
  if (finishedAt === undefined || delivered < MIN_LINES) return []
  const ms = new Date(finishedAt).getTime() - new Date(startedAt).getTime()
  return ms < MIN_MS ? [] : [(delivered * 1000) / ms]
}
