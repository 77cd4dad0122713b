// cspell:ignore Firestore

/** A date in a text, in seconds since 1970. Without a zone, `seconds` is right only if the date is in UTC. */
export interface WrittenDate {
  readonly seconds: number
  readonly hasZone: boolean
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const WEEKDAY = String.raw`(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?`
const NAMED_MONTH = String.raw`(?<month>[a-z]{3})[a-z]*`
const CLOCK = String.raw`(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,]\d{1,12})?)?(?:\s*(?<half>[ap])\.?m\.?)?`
const ZONE = String.raw`(?<zone>Z|UTC|GMT|UT|(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?|(?:UTC|GMT)[+-]\d)`
/** What Java and Go write after an offset: it changes nothing. */
const AFTER_ZONE = String.raw`(?:\[[\w/+-]+\]|\s+(?:UTC|[+-]\d{4})(?:\s+m=[+-][\d.]+)?)?`
const REMARK = String.raw`(?:\s*\([^()]*\))?` // for example (Coordinated Universal Time)

/** The ways in which programs write a date. Numbers like 02/03/2014 are not among them: the day and the month can be either. */
const FORMS: readonly RegExp[] = [
  String.raw`(?<year>\d{4})([-/])(?<month>\d\d?)\2(?<day>\d\d?)(?:(?:\s*T|\s+)${CLOCK}(?:\s*${ZONE}${AFTER_ZONE})?)?`, // ISO 8601, SQL, BigQuery, pandas
  String.raw`(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)(?:[.,]\d{1,12})?${ZONE}?`,
  String.raw`(?<year>20\d\d)(?<month>\d\d)(?<day>\d\d)(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)`,
  String.raw`${WEEKDAY}(?<day>\d\d?)[ -]${NAMED_MONTH}\.?[ -](?<year>\d{4})(?:,?\s+${CLOCK}(?:\s*${ZONE})?)?`, // RFC 1123, RFC 5322
  String.raw`${WEEKDAY}${NAMED_MONTH}\.?\s+(?<day>\d\d?),?\s+(?<year>\d{4})(?:,?\s+${CLOCK}(?:\s*${ZONE})?${REMARK})?`, // JavaScript
  String.raw`${WEEKDAY}${NAMED_MONTH}\s+(?<day>\d\d?)\s+${CLOCK}(?:\s+${ZONE})?\s+(?<year>\d{4})`, // C, Twitter
  String.raw`(?<day>\d\d)/${NAMED_MONTH}/(?<year>\d{4}):${CLOCK}(?:\s+${ZONE})?`, // access logs
].map((form) => new RegExp(`^${form}$`, 'i'))

/** Dates of ASP.NET: milliseconds, sometimes with an offset that changes nothing. */
const ASP_NET = /^\\?\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\\?\/$/

const MAX_CHARACTERS = 100

/**
 * Reads a time that is not a number of seconds: a date, or what databases write for one (`{"$date": …}` of MongoDB, `{"_seconds": …}` of
 * Firestore).
 *
 * @param value from JSON.parse
 */
export function dateOf(value: unknown): WrittenDate | undefined {
  if (typeof value === 'string') return readDate(value)
  if (typeof value === 'number') return COMPACT.test(String(value)) ? readDate(String(value)) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  if ('$date' in value) {
    const { $date: date } = value
    const millis = wholeNumber(date)
    return millis === undefined
      ? dateOf(typeof date === 'string' ? date : undefined)
      : { seconds: Math.floor(millis / 1000), hasZone: true }
  }
  const seconds = '_seconds' in value ? wholeNumber(value._seconds) : wholeNumber(value)
  return seconds === undefined ? undefined : { seconds, hasZone: true }
}

/** A date as 14 digits. */
const COMPACT = /^20\d{12}$/

/** A number, or MongoDB's `{"$numberLong": "1"}`. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const text = '$numberLong' in value ? value.$numberLong : '$numberInt' in value ? value.$numberInt : undefined
  return typeof text === 'string' && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Whether a text is a date that only a person can read: its zone has only a name, or its day and month can be either. */
export function whyUncertain(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined
  if (NAMED_ZONE.test(text)) return 'it is a date with the name of a time zone; write its offset instead, for example +01:00'
  return DAY_OR_MONTH_FIRST.test(text)
    ? 'it is a date whose day and month can be either; write it like 2014-02-25T16:10:04Z'
    : undefined
}

const NAMED_ZONE = /\d:\d\d.*\s(?!(?:GMT|UTC)$)(?:[A-Z]{3,5}|[A-Z][a-z]+\/\w+)(?:\s\d{4})?$/
const DAY_OR_MONTH_FIRST = /^\s*\d\d?[./-]\d\d?[./-](?:\d{4}|\d\d)(?!\d)/

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
  const { year = '', month = '', day = '', hour = '0', minute = '0', second = '0', half, zone } = parts
  const monthIndex = /^\d+$/.test(month) ? Number(month) - 1 : MONTHS.indexOf(month.toLowerCase())
  const fields = [Number(year), monthIndex, Number(day), hourOf(Number(hour), half), Number(minute), Number(second)] as const
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

/** 12 am is midnight and 12 pm is noon. An hour that does not exist becomes one that no day has. */
function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour
  if (hour < 1 || hour > 12) return 99
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}

/**
 * The seconds that a zone is ahead of UTC.
 *
 * @param zone `UTC`, `Z` or an offset; names of other zones can mean several of them
 */
export function offsetOf(zone: string): number | undefined {
  const [, sign, hours = '', minutes = '0'] = /^(?:UTC|GMT|UT|Z)?(?:([+-])(\d\d?):?(\d\d)?)?$/i.exec(zone) ?? []
  if (sign === undefined) return /^(?:UTC|GMT|UT|Z)$/i.test(zone) ? 0 : undefined
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -60 : 60) * (Number(hours) * 60 + Number(minutes))
}
