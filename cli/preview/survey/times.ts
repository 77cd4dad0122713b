import type { EpochSeconds } from '../../../lambda/parse/time.ts'
import type { Digest } from '../digest/digest.ts'
import type { HistogramUnit, TimeSummary } from '../summary.ts'

const HOUR_SECONDS = 3_600

/** The times of the lines. Memory: one number for each hour since 2009 that has lines. */
export class Times {
  readonly #hours = new Map<number, number>()
  #first: EpochSeconds = Infinity
  #last: EpochSeconds = -Infinity

  add({ first, last, hours }: Digest['times']): void {
    this.#first = Math.min(this.#first, first)
    this.#last = Math.max(this.#last, last)
    for (const [hour, lines] of hours) this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + lines)
  }

  summary(): TimeSummary | undefined {
    if (this.#hours.size === 0) return undefined
    const unit = unitFor(this.#first, this.#last)
    const lines = new Map<EpochSeconds, number>()
    for (let start = startOf(this.#first, unit); start <= this.#last; start = nextStart(start, unit)) lines.set(start, 0)
    for (const [hour, count] of this.#hours) {
      const start = startOf(hour * HOUR_SECONDS, unit)
      lines.set(start, (lines.get(start) ?? 0) + count)
    }
    const histogram = Array.from(lines, ([start, count]) => ({ start, lines: count }))
    return { first: this.#first, last: this.#last, unit, histogram }
  }
}

const UNITS: readonly HistogramUnit[] = ['hour', 'day', 'week', 'month', 'quarter']
const MAX_ROWS = 14

/** The shortest unit for which the histogram is small enough. */
function unitFor(first: EpochSeconds, last: EpochSeconds): HistogramUnit {
  return UNITS.find((unit) => rows(first, last, unit) <= MAX_ROWS) ?? 'year'
}

function rows(first: EpochSeconds, last: EpochSeconds, unit: HistogramUnit): number {
  let count = 0
  for (let start = startOf(first, unit); start <= last && count <= MAX_ROWS; start = nextStart(start, unit)) count += 1
  return count
}

const DAY_SECONDS = 24 * HOUR_SECONDS
const FIXED_SECONDS: Readonly<Partial<Record<HistogramUnit, number>>> = {
  hour: HOUR_SECONDS,
  day: DAY_SECONDS,
  week: 7 * DAY_SECONDS,
}
/** The first Monday since 1970 is the fifth of January. */
const FIRST_MONDAY: EpochSeconds = 4 * DAY_SECONDS
const MONTHS = { month: 1, quarter: 3, year: 12 } as const

/** The start, in UTC, of the unit that contains the time. */
function startOf(time: EpochSeconds, unit: HistogramUnit): EpochSeconds {
  const seconds = FIXED_SECONDS[unit]
  const origin = unit === 'week' ? FIRST_MONDAY : 0
  if (seconds !== undefined) return Math.floor((time - origin) / seconds) * seconds + origin
  const date = new Date(time * 1000)
  const months = monthsIn(unit)
  return monthStart(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / months) * months)
}

function nextStart(start: EpochSeconds, unit: HistogramUnit): EpochSeconds {
  const seconds = FIXED_SECONDS[unit]
  if (seconds !== undefined) return start + seconds
  const date = new Date(start * 1000)
  return monthStart(date.getUTCFullYear(), date.getUTCMonth() + monthsIn(unit))
}

function monthsIn(unit: HistogramUnit): number {
  return unit === 'quarter' || unit === 'year' ? MONTHS[unit] : MONTHS.month
}

function monthStart(year: number, month: number): EpochSeconds {
  return Date.UTC(year, month) / 1000
}
