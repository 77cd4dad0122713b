import { reject, type Rejection, type ReasonCode } from '../reasons.ts'
import { hasControlCharacter, isLongerThan, MAX_NAME_CHARACTERS } from './text.ts'

/**
 * The person that a line is about.
 *
 * @param value `_p` as JSON gave it. A whole number becomes its decimal text: the examples of the file format use "1", and exports 1.
 * @see Kissmetrics, "JSON Files as an External Data Source": `_p` (required); technical notes: 255 characters
 */
export function parseIdentity(value: unknown): string | Rejection {
  if (value === undefined || value === null) return reject('missing_identity')
  if (typeof value === 'string' && value.trim() === '') return reject('missing_identity', '`_p` is empty')
  return parseName(value, 'invalid_identity', 'forbid controls')
}

/** The other identity of the person, `_p2`, or undefined where the line has none. */
export function parseAlias(value: unknown): string | Rejection | undefined {
  if (value === undefined || value === null) return undefined
  return parseName(value, 'invalid_alias', 'forbid controls')
}

/** The name of what happened, `_n`, or undefined where the line tells of no event. */
export function parseEventName(value: unknown): string | Rejection | undefined {
  if (value === undefined || value === null) return undefined
  return parseName(value, 'invalid_event_name', 'allow controls')
}

function parseName(value: unknown, reason: ReasonCode, controls: 'forbid controls' | 'allow controls'): string | Rejection {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : reject(reason, 'it is a number that is not whole, or too large')
  if (typeof value !== 'string') return reject(reason, Array.isArray(value) ? 'it is a list' : typeof value === 'object' ? 'it is an object' : 'it is true or false')
  if (value.trim() === '') return reject(reason, 'it is empty')
  if (!value.isWellFormed()) return reject('invalid_unicode')
  if (isLongerThan(value, MAX_NAME_CHARACTERS)) return reject(reason, 'it is too long')
  if (controls === 'forbid controls' && hasControlCharacter(value)) return reject(reason, 'it holds a control character')
  return value
}
