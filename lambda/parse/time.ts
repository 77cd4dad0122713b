import { reject, type Rejection } from '../reasons.ts'
import { dateOf, readDate, whyUncertain, type WrittenDate } from './date.ts'
import { trimmed } from './invisible.ts'
import { kindOf } from './text.ts'

/** Whole seconds since 1970-01-01T00:00:00Z: the only unit of time that is sent to Kissmetrics. */
export type EpochSeconds = number

/** Kissmetrics, technical notes: nothing before 2009-01-01T00:00:00Z is stored. */
const YEAR_2009: EpochSeconds = 1_230_768_000

// The year 5138 in seconds, 1973 in milliseconds: a larger value was not meant as seconds, which is the most common mistake.
const NOT_SECONDS = 100_000_000_000

const SECONDS_A_DAY = 86_400

/**
 * The latest valid time in a file: one day after the file was written, because clocks differ.
 *
 * It depends on the file and not on the current time, so that a replay decides like the import.
 */
export function latestTimeFor(lastModified: Date): EpochSeconds {
  return Math.floor(lastModified.getTime() / 1000) + SECONDS_A_DAY
}

/**
 * The time of a line.
 *
 * @param value `_t` from JSON.parse, or undefined if the line has none; a fraction is cut off, as Kissmetrics' own clients do
 * @param lexeme the number as written in the line, if JavaScript may have changed it
 * @returns seconds, or one of the timestamp rejections; never throws
 * @see Kissmetrics, "JSON Files as an External Data Source": `_t` (required)
 */
export function parseTime(value: unknown, latest: EpochSeconds, lexeme?: string): EpochSeconds | Rejection {
  if (value === undefined || value === null) return reject('missing_timestamp')
  const seconds = secondsOf(value, lexeme)
  if (Number.isNaN(seconds))
    return reject('invalid_timestamp', typeof value === 'string' ? describeText(value) : describeOther(value))
  if (!Number.isFinite(seconds)) return reject('invalid_timestamp', 'the number is too large')
  if (seconds >= NOT_SECONDS) return rejectLarge(seconds)
  if (seconds < YEAR_2009)
    return reject(
      'timestamp_before_2009',
      isLikeExcel(seconds) ? 'it looks like an Excel date; =(A1-25569)*86400 converts it' : undefined,
    )
  return seconds > latest ? reject('timestamp_in_future') : seconds
}

const DECIMAL = /^(-?\d{1,20})(?:\.\d+)?$/

/** @returns whole seconds, or NaN. A fraction is cut from the text if there is one, because rounding could add a second. */
function secondsOf(value: unknown, lexeme: string | undefined): number {
  const text = typeof value === 'string' ? value : lexeme
  const whole = text === undefined ? undefined : DECIMAL.exec(text)?.[1]
  if (whole !== undefined) return Number(whole)
  return typeof value === 'number' ? Math.trunc(value) : NaN
}

function rejectLarge(time: number): Rejection {
  const date = dateOf(time)
  if (date !== undefined) return reject('invalid_timestamp', describeDate(date))
  const seconds = inSeconds(time)
  // Any other number of digits is none of the three units.
  return reject('timestamp_in_milliseconds', String(seconds).length === 10 ? `in seconds it is ${seconds}` : undefined)
}

/** Converts milliseconds, microseconds or nanoseconds. */
function inSeconds(time: number): EpochSeconds {
  let seconds = time
  while (seconds >= NOT_SECONDS) seconds = Math.trunc(seconds / 1000)
  return seconds
}

/** An Excel date counts days since 1900. This range is 1982 to 2119. */
function isLikeExcel(days: number): boolean {
  return days >= 30_000 && days < 80_000
}

function describeText(text: string): string {
  if (text.trim() === '') return 'it is empty'
  const date = readDate(text)
  if (date !== undefined) return describeDate(date)
  const bare = trimmed(text)
  if (bare !== text && DECIMAL.test(bare)) return 'it has a space or an invisible character around it'
  return whyUncertain(text) ?? 'it is text'
}

function describeOther(value: unknown): string {
  const date = dateOf(value)
  return date === undefined ? `it is ${kindOf(value)}` : describeDate(date)
}

/** Without a zone, only the user knows which second was meant. */
function describeDate(date: WrittenDate): string {
  return date.hasZone
    ? `it is a date; in seconds it is ${date.seconds}`
    : `it is a date without a time zone; if that is UTC, in seconds it is ${date.seconds}`
}
