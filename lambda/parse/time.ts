import { reject, type Rejection } from '../reasons.ts'

/** Whole seconds since 1970-01-01T00:00:00Z: the only unit of time that leaves this program. */
export type EpochSeconds = number

/** Kissmetrics, technical notes: nothing before 2009-01-01T00:00:00Z is stored. */
const YEAR_2009: EpochSeconds = 1_230_768_000

// In seconds the year 5138, in milliseconds 1973: whatever reaches it was not written in seconds, which is the commonest mistake.
const NOT_SECONDS = 100_000_000_000
const NOT_MILLISECONDS = 100_000_000_000_000

const SECONDS_A_DAY = 86_400

/**
 * The latest time that a line of a drop may have: a day after the drop was written, for clocks that differ.
 *
 * Measured against the drop and not against the clock, so that a replay decides as the import did.
 */
export function latestTimeFor(lastModified: Date): EpochSeconds {
  return Math.floor(lastModified.getTime() / 1000) + SECONDS_A_DAY
}

/**
 * When the thing in the line happened.
 *
 * @param value `_t` as JSON gave it, or undefined where the line has none. A fraction is cut, as Kissmetrics' own clients do.
 * @returns seconds, or one of the timestamp rejections. Never throws.
 * @see Kissmetrics, "JSON Files as an External Data Source": `_t` (required)
 */
export function parseTime(value: unknown, latest: EpochSeconds): EpochSeconds | Rejection {
  if (value === undefined || value === null) return reject('missing_timestamp')
  const number = typeof value === 'number' ? value : typeof value === 'string' && DECIMAL.test(value) ? Number(value) : NaN
  if (!Number.isFinite(number)) return reject('invalid_timestamp', typeof value === 'string' ? describeText(value) : describeType(value))
  const seconds = Math.trunc(number)
  if (seconds >= NOT_MILLISECONDS) return reject('timestamp_in_milliseconds', `or even finer; in seconds perhaps ${Math.trunc(seconds / 1_000_000)}`)
  if (seconds >= NOT_SECONDS) return reject('timestamp_in_milliseconds', `in seconds it would be ${Math.trunc(seconds / 1000)}`)
  if (seconds < YEAR_2009) return reject('timestamp_before_2009')
  if (seconds > latest) return reject('timestamp_in_future')
  return seconds === 0 ? 0 : seconds
}

const DECIMAL = /^-?\d{1,20}(\.\d{1,20})?$/
const ISO_DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/

/** A date is no time in seconds, but the seconds can be told; without a zone it is taken for UTC, which the file format asks for. */
function describeText(text: string): string {
  if (text === '') return 'it is empty'
  const [, date, time = '00:00', zone = 'Z'] = ISO_DATE.exec(text) ?? []
  const millis = date === undefined ? NaN : Date.parse(`${date}T${time}${zone}`)
  return Number.isNaN(millis) ? 'it is text' : `it is a date; in seconds it would be ${Math.trunc(millis / 1000)}${zone === 'Z' ? ', as UTC' : ''}`
}

function describeType(value: unknown): string {
  if (Array.isArray(value)) return 'it is a list'
  if (typeof value === 'number') return 'it is too large for a number'
  return typeof value === 'object' ? 'it is an object' : `it is ${String(value)}`
}
