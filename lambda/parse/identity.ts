import { reject, type Rejection, type ReasonCode, type WarningCode } from '../reasons.ts'
import { identityMeaning, isUnusual } from './identity-meaning.ts'
import { invisibleHint, isInvisible, trimmed } from './invisible.ts'
import { isPlaceholder } from './placeholder.ts'
import { countCharacters, hasControlCharacter, isLongerThan, isSameNumber, kindOf, MAX_NAME_CHARACTERS } from './text.ts'

/** Latin, Greek, Cyrillic, Hiragana, Katakana, Chinese and Korean. */
const LETTERS = String.raw`A-Za-z\u00c0-\u024f\u0391-\u03c9\u0400-\u045f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3`

/**
 * The person that a line is about.
 *
 * @param value `_p` from JSON.parse, or undefined if the line has none
 * @param lexeme the number as written in the line, if JavaScript may have changed it
 * @see Kissmetrics, "JSON Files as an External Data Source": `_p` (required); technical notes: 255 characters
 */
export function parseIdentity(value: unknown, lexeme?: string): string | Rejection {
  if (value === undefined || value === null) return reject('missing_identity')
  if (typeof value === 'string' && isInvisible(value))
    return reject('missing_identity', invisibleHint(value).replace(/^it/, '`_p`'))
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
  if (isInvisible(value)) return reject(reason, invisibleHint(value))
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

/** Why an alias must not be sent, although each of its identities is valid alone. An alias cannot be undone. */
export function findAliasFault(person: string, other: string): Rejection | undefined {
  if (other === person) return reject('alias_to_itself')
  const name = isPlaceholder(trimmed(other)) ? '`_p2`' : isPlaceholder(trimmed(person)) ? '`_p`' : undefined
  return name === undefined
    ? undefined
    : reject(
        'invalid_alias',
        `${name} stands for a missing value or for many people, and the alias would make them all one person`,
      )
}

/**
 * Letters of scripts without invisible characters, perhaps a point, a digit, and no punctuation but that of email addresses; or a number,
 * but not of one digit. No placeholder is written like that.
 */
const ORDINARY = new RegExp(String.raw`^(?:[${LETTERS}]+[._-]?\d|[1-9]\w)[\w.+@/=${LETTERS}-]*$`)

/** Whether an identity is valid, and nothing about it is unusual. It is false for some, but most need no other check. */
export function isOrdinary(identity: unknown): identity is string {
  return typeof identity === 'string' && identity.length <= MAX_NAME_CHARACTERS && ORDINARY.test(identity)
}

/** Adds what is unusual about the identities of a line. It is sent, because only the user knows whether it was meant. */
export function identityWarnings(
  person: string,
  other: string | undefined,
  warnings: readonly WarningCode[],
): readonly WarningCode[] {
  const isPersonUnusual = isUnusual(person)
  if (other === undefined && !isPersonUnusual && !isPlaceholder(person)) return warnings // almost every line
  const found = [...warnings]
  if (isPlaceholder(trimmed(person))) found.push('placeholder_identity')
  if (isPersonUnusual || (other !== undefined && isUnusual(other))) found.push('unusual_identity')
  if (other !== undefined && identityMeaning(person) === identityMeaning(other)) found.push('similar_identities')
  return found
}
