/** @param seconds since 1970 @returns the day in UTC, for example 2014-02-25 */
export function dayText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

/** "2014-02-25 to 2014-02-26", or one day. @param first in seconds since 1970, as `last` */
export function periodText(first: number, last: number): string {
  const [from, to] = [dayText(first), dayText(last)]
  return from === to ? from : `${from} to ${to}`
}

/** The same in a sentence: "from 2014-02-25 to 2014-02-26", or "on 2014-02-25". */
export function whenText(first: number, last: number): string {
  const period = periodText(first, last)
  return period === dayText(first) ? `on ${period}` : `from ${period}`
}
