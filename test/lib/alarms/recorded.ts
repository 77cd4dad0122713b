export type Statistic = 'Sum' | 'Minimum' | 'Maximum' | 'SampleCount'

const MINUTE_MS = 60_000

interface Minute {
  sum: number
  min: number
  max: number
  count: number
}

/** Metrics, aggregated by the minute like in CloudWatch. */
export class Recorded {
  readonly #metrics = new Map<string, Map<number, Minute>>()

  /** @param metric namespace and name, and for a queue which one: `KissmetricsImporter/Crashes` */
  add(metric: string, value: number, at: number): void {
    const minutes = this.#metrics.get(metric) ?? new Map<number, Minute>()
    this.#metrics.set(metric, minutes)
    const minute = Math.floor(at / MINUTE_MS)
    const found = minutes.get(minute)
    if (found === undefined) minutes.set(minute, { sum: value, min: value, max: value, count: 1 })
    else {
      found.sum += value
      found.min = Math.min(found.min, value)
      found.max = Math.max(found.max, value)
      found.count += 1
    }
  }

  /** @param to exclusive @returns undefined without data */
  statistic(metric: string, statistic: Statistic, from: number, to: number): number | undefined {
    const minutes = this.#metrics.get(metric)
    let total: Minute | undefined
    if (minutes === undefined) return undefined
    for (let minute = Math.floor(from / MINUTE_MS); minute < Math.floor(to / MINUTE_MS); minute += 1) {
      const found = minutes.get(minute)
      if (found === undefined) continue
      total ??= { sum: 0, min: Infinity, max: -Infinity, count: 0 }
      total.sum += found.sum
      total.min = Math.min(total.min, found.min)
      total.max = Math.max(total.max, found.max)
      total.count += found.count
    }
    return total && { Sum: total.sum, Minimum: total.min, Maximum: total.max, SampleCount: total.count }[statistic]
  }
}
