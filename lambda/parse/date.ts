/** A date in a text, in seconds since 1970. Without a zone, `seconds` is right only if the date is in UTC. */
export interface WrittenDate {
  readonly seconds: number
  readonly hasZone: boolean
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const WEEKDAY = String.raw`(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?`
const NAMED_MONTH = String.raw`(?<month>[a-z]{3})[a-z]*`
const CLOCK = String.raw`(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,]\d{1,12})?)?`
const ZONE = String.raw`(?<zone>Z|UTC|GMT|UT|(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?)`
const REMARK = String.raw`(?:\s*\([^()]*\))?` // for example (Coordinated Universal Time)

/** The ways in which programs write a date. Numbers like 02/03/2014 are not among them: the day and the month can be either. */
const FORMS: readonly RegExp[] = [
  String.raw`(?<year>\d{4})([-/])(?<month>\d\d)\2(?<day>\d\d)(?:(?:\s*T|\s+)${CLOCK}(?:\s*${ZONE})?)?`, // ISO 8601, SQL, BigQuery, pandas
  String.raw`(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)(?:[.,]\d{1,12})?${ZONE}?`,
  String.raw`${WEEKDAY}(?<day>\d\d?)[ -]${NAMED_MONTH}\.?[ -](?<year>\d{4})(?:,?\s+${CLOCK}(?:\s*${ZONE})?)?`, // RFC 1123, RFC 5322
  String.raw`${WEEKDAY}${NAMED_MONTH}\.?\s+(?<day>\d\d?),?\s+(?<year>\d{4})(?:,?\s+${CLOCK}(?:\s*${ZONE})?${REMARK})?`, // JavaScript
  String.raw`${WEEKDAY}${NAMED_MONTH}\s+(?<day>\d\d?)\s+${CLOCK}(?:\s+${ZONE})?\s+(?<year>\d{4})`, // C, Twitter
  String.raw`(?<day>\d\d)/${NAMED_MONTH}/(?<year>\d{4}):${CLOCK}(?:\s+${ZONE})?`, // access logs
].map((form) => new RegExp(`^${form}$`, 'i'))

/** Dates of ASP.NET: milliseconds, sometimes with an offset that changes nothing. */
const ASP_NET = /^\\?\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\\?\/$/

const MAX_CHARACTERS = 100

/** Reads a date that was written by a program. @returns undefined for other texts, and for days that do not exist */
export function readDate(text: string): WrittenDate | undefined {
  const written = text.trim()
  if (written.length > MAX_CHARACTERS) return undefined
  const millis = ASP_NET.exec(written)?.[1]
  if (millis !== undefined) return { seconds: Math.floor(Number(millis) / 1000), hasZone: true }
  for (const form of FORMS) {
    const parts = form.exec(written)?.groups
    if (parts !== undefined) return fromParts(parts)
  }
  return undefined
}

function fromParts(parts: Readonly<Record<string, string | undefined>>): WrittenDate | undefined {
  const { year = '', month = '', day = '', hour = '0', minute = '0', second = '0', zone } = parts
  const monthIndex = /^\d+$/.test(month) ? Number(month) - 1 : MONTHS.indexOf(month.toLowerCase())
  const fields = [Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second)] as const
  const date = new Date(Date.UTC(...fields))
  // The 30th of February becomes a day of March, and 25 o'clock becomes the next day.
  const isReal =
    date.getUTCMonth() === fields[1] &&
    date.getUTCDate() === fields[2] &&
    date.getUTCHours() === fields[3] &&
    date.getUTCMinutes() === fields[4] &&
    date.getUTCSeconds() === fields[5]
  const offset = zone === undefined ? 0 : offsetOf(zone)
  if (!isReal || offset === undefined) return undefined
  return { seconds: date.getTime() / 1000 - offset, hasZone: zone !== undefined }
}

/**
 * The seconds that a zone is ahead of UTC.
 *
 * @param zone `UTC`, `Z` or an offset; names of other zones can mean several of them
 */
export function offsetOf(zone: string): number | undefined {
  const [, sign, hours = '', minutes = '0'] = /^(?:UTC|GMT|UT|Z)?(?:([+-])(\d\d):?(\d\d)?)?$/i.exec(zone) ?? []
  if (sign === undefined) return /^(?:UTC|GMT|UT|Z)$/i.test(zone) ? 0 : undefined
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -60 : 60) * (Number(hours) * 60 + Number(minutes))
}
