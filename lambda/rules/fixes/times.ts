import { dateOf, offsetOf } from '../../parse/date.ts'
import { membersOf } from '../../parse/layout.ts'
import { isObject } from '../json-object.ts'
import { edit } from './edit.ts'

/** Milliseconds have 13 digits from 2001 to 2286, microseconds 16 and nanoseconds 19. */
const SMALL_UNITS = /^"?(\d{10})(?:\d{3}){1,3}(?:\.\d+)?"?$/

export function toSeconds(text: string): string {
  return replaceTime(text, (lexeme) => SMALL_UNITS.exec(withoutExponent(lexeme))?.[1])
}

/** `1.393344604e12` is 1393344604000. */
function withoutExponent(lexeme: string): string {
  const value = Number(lexeme)
  return /^\d[\d.]*e/i.test(lexeme) && Number.isSafeInteger(value) ? String(value) : lexeme
}

/** Whether a text names a zone as after `--fix dates:`. */
export function isZone(text: string): boolean {
  return offsetOf(text) !== undefined
}

/** @param zone of the dates that are written without one. Without it, those stay as they are */
export function datesToSeconds(text: string, zone?: string): string {
  return replaceTime(text, (lexeme) => {
    const date = dateOf(JSON.parse(lexeme))
    if (date === undefined) return undefined
    if (date.hasZone) return String(date.seconds)
    return zone === undefined ? undefined : String(date.seconds - (offsetOf(zone) ?? 0))
  })
}

/** Whether `_t` is a date of which only the user knows the zone. */
export function hasDateWithoutZone(text: string): boolean {
  if (!isObject(text)) return false
  for (const { name, valueStart, valueEnd } of membersOf(text))
    if (name === '_t') return dateOf(JSON.parse(text.slice(valueStart, valueEnd)))?.hasZone === false
  return false
}

function replaceTime(text: string, secondsOf: (lexeme: string) => string | undefined): string {
  return edit(text, (members) =>
    members.flatMap(({ name, valueStart: start, valueEnd: end }) => {
      const seconds = name === '_t' ? secondsOf(text.slice(start, end)) : undefined
      return seconds === undefined ? [] : [{ start, end, text: seconds }]
    }),
  )
}
