import type { EpochSeconds } from '../parse/time.ts'
import type { DayCount } from './part.ts'

export const DAY_SECONDS = 86_400
/** No line is older: Kissmetrics stores nothing before 2009. */
const FIRST_DAY = 14_245
/** About 22 years. Later days, which only a wrong clock can have, count as the last one. */
const DAYS = 8_192

/** The number of valid lines on each day. */
export class Days {
  readonly #lines = new Float64Array(DAYS)

  add(time: EpochSeconds): void {
    this.merge(Math.floor(time / DAY_SECONDS), 1)
  }

  merge(day: number, lines: number): void {
    const at = Math.min(Math.max(day - FIRST_DAY, 0), DAYS - 1)
    this.#lines[at] = (this.#lines[at] ?? 0) + lines
  }

  list(): readonly DayCount[] {
    const list: DayCount[] = []
    // Not with an iterator: this runs for each range of a large file, before V8 compiles it.
    for (let at = 0; at < DAYS; at += 1) {
      const lines = this.#lines[at] ?? 0
      if (lines > 0) list.push([at + FIRST_DAY, lines])
    }
    return list
  }
}

/**
 * The first day that is not an exception: at most one in a hundred lines is older.
 *
 * @returns undefined if there are no lines
 */
export function usualFirstDay(days: readonly DayCount[]): number | undefined {
  const all = days.reduce((sum, [, lines]) => sum + lines, 0)
  let older = 0
  for (const [day, lines] of days) {
    older += lines
    if (older * 100 > all) return day
  }
  return undefined
}
