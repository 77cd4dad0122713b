import { reject, type Rejection, type ReasonCode } from '../reasons.ts'
import { countCharacters, hasControlCharacter, isBlank, isLongerThan, isSameNumber, kindOf, MAX_NAME_CHARACTERS } from './text.ts'

/**
 * The person that a line is about.
 *
 * @param value `_p` from JSON.parse, or undefined if the line has none
 * @param lexeme the number as written in the line, if JavaScript may have changed it
 * @see Kissmetrics, "JSON Files as an External Data Source": `_p` (required); technical notes: 255 characters
 */
export function parseIdentity(value: unknown, lexeme?: string): string | Rejection {
  if (value === undefined || value === null) return reject('missing_identity')
  if (typeof value === 'string' && isBlank(value)) return reject('missing_identity', '`_p` is empty')
  return withoutControls(parseName(value, lexeme, 'invalid_identity'), 'invalid_identity')
}

/** The person's other identity, `_p2`, or undefined if the line has none. */
export function parseAlias(value: unknown, lexeme?: string): string | Rejection | undefined {
  if (value === undefined || value === null) return undefined
  return withoutControls(parseName(value, lexeme, 'invalid_alias'), 'invalid_alias')
}

/** The event name, `_n`, or undefined if the line has no event. */
export function parseEventName(value: unknown, lexeme?: string): string | Rejection | undefined {
  if (value === undefined || value === null) return undefined
  return parseName(value, lexeme, 'invalid_event_name')
}

/** Whole numbers become decimal text: the examples of the file format have the person "1", and database exports have 1. */
function parseName(value: unknown, lexeme: string | undefined, reason: ReasonCode): string | Rejection {
  if (typeof value === 'number') {
    const isExact = Number.isSafeInteger(value) && (lexeme === undefined || isSameNumber(lexeme, String(value)))
    return isExact ? String(value) : reject(reason, 'it is a fraction, or a number with too many digits; put it in double quotes')
  }
  if (typeof value !== 'string') return reject(reason, `it is ${kindOf(value)}`)
  if (isBlank(value)) return reject(reason, 'it is empty')
  if (!value.isWellFormed()) return reject('invalid_unicode')
  if (isLongerThan(value, MAX_NAME_CHARACTERS)) return reject(reason, `it has ${countCharacters(value)} characters`)
  return value
}

/** People type and compare identities, and they cannot see control characters. */
function withoutControls(identity: string | Rejection, reason: ReasonCode): string | Rejection {
  return typeof identity === 'string' && hasControlCharacter(identity)
    ? reject(reason, 'it contains a tab or another control character')
    : identity
}
