/** An object as JSON.parse makes it. */
export type JsonObject = Readonly<Record<string, unknown>>

/** An object, and what JSON.parse does not tell of it. */
export interface Layout {
  readonly object: JsonObject
  /** Its names, in the order in which they are written. */
  readonly names: readonly string[]
  /** Its numbers as they are written, by name; there only where JavaScript may have changed one of them. */
  readonly lexemes?: ReadonlyMap<string, string>
}

/** A name that is there twice. */
export interface Duplicate {
  readonly duplicate: string
}

/**
 * In which order the names of an object stand, how its numbers are written, and whether a name is there twice.
 *
 * The text is looked at again only where it can matter, which is seldom: more colons than names, a name that JavaScript moves to the
 * front since it looks like an index, a number that may have lost digits, or a name with a backslash.
 *
 * @param text valid JSON: one object
 * @param object what JSON.parse made of it
 */
export function readLayout(text: string, object: JsonObject): Layout | Duplicate {
  const names = Object.keys(object)
  return needsScan(text, object, names) ? scan(text) : { object, names }
}

function needsScan(text: string, object: JsonObject, names: readonly string[]): boolean {
  return (
    startsWithDigit(names[0]) || // names that look like an index come first in JavaScript, wherever they stand in the line
    mayHoldMoreNames(text, names.length) ||
    mayBeMisread(text, names) ||
    mayLoseDigits(text, object, names)
  )
}

/**
 * V8 takes a name with escapes for one that an earlier line had, when that is as long and is how this one begins as it is written: after
 * a line with the name `\`, the name "\n" comes out as `\` too. So what comes out then has a backslash in it. A name by itself is read
 * as it should be. https://github.com/nodejs/node/issues/63785
 */
function mayBeMisread(text: string, names: readonly string[]): boolean {
  return text.includes('\\') && names.some((name) => name.includes('\\'))
}

function startsWithDigit(name: string | undefined): boolean {
  return name !== undefined && isDigit(name.charCodeAt(0))
}

/** Whether the text has more colons that can stand after a name than there are names: then one may be there twice, or deeper. */
function mayHoldMoreNames(text: string, count: number): boolean {
  let colons = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before === QUOTE || before <= SPACE) colons += 1 // as in "url":"https://…", where the second colon is none
  }
  return colons !== count
}

function mayLoseDigits(text: string, object: JsonObject, names: readonly string[]): boolean {
  for (const name of names) {
    const value = object[name]
    if (typeof value === 'number' && isWrittenOddly(value, text)) return true
  }
  return hasLongDigits(text)
}

/** What JavaScript writes with an exponent, or what may only be zero because it was nearer to it than JavaScript can tell. */
function isWrittenOddly(value: number, text: string): boolean {
  const size = Math.abs(value)
  return size === 0 ? text.includes('e-') || text.includes('E-') : size < 1e-6 || size >= 1e21
}

/** JavaScript keeps every number of fifteen digits. */
const SAFE_DIGITS = 15
const STRIDE = SAFE_DIGITS + 1

/**
 * Whether sixteen digits, or fifteen and a point, stand side by side somewhere. So long a run covers a multiple of sixteen, wherever it
 * begins, so only these places need a look.
 */
function hasLongDigits(text: string): boolean {
  for (let at = STRIDE - 1; at < text.length; at += STRIDE) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue
    let start = at
    while (start > 0 && isDigitOrPoint(text.charCodeAt(start - 1))) start -= 1
    let end = at + 1
    while (end < text.length && isDigitOrPoint(text.charCodeAt(end))) end += 1
    if (end - start > SAFE_DIGITS) return true
    at += Math.floor((end - 1 - at) / STRIDE) * STRIDE
  }
  return false
}

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const POINT = 0x2e
const COLON = 0x3a
const OPENING_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isDigitOrPoint(code: number): boolean {
  return isDigit(code) || code === POINT
}

function scan(text: string): Layout | Duplicate {
  const object = Object.create(null) as Record<string, unknown> // where __proto__ is a name like any other
  const names: string[] = []
  const lexemes = new Map<string, string>()
  for (const { name, valueStart, valueEnd } of membersOf(text)) {
    if (Object.hasOwn(object, name)) return { duplicate: name }
    const lexeme = text.slice(valueStart, valueEnd)
    const value: unknown = JSON.parse(lexeme)
    if (typeof value === 'number') lexemes.set(name, lexeme)
    object[name] = value
    names.push(name)
  }
  return { object, names, lexemes }
}

/** One name of an object with its value, and where both are written; ends are exclusive. */
export interface Member {
  /** As it is meant: "\u0061" is "a". */
  readonly name: string
  readonly nameStart: number
  readonly nameEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** What is written in an object, one after the other, also what is there twice. @param text valid JSON: one object */
export function* membersOf(text: string): Generator<Member> {
  for (let at = text.indexOf('{') + 1; ;) {
    const nameStart = text.indexOf('"', at) // between two members there is nothing but space and a comma
    if (nameStart === -1) return
    const nameEnd = endOfString(text, nameStart)
    const name = JSON.parse(text.slice(nameStart, nameEnd)) as string
    const valueStart = startOfValue(text, nameEnd)
    at = endOfValue(text, valueStart)
    yield { name, nameStart, nameEnd, valueStart, valueEnd: valueStart + text.slice(valueStart, at).trimEnd().length }
  }
}

/** @param nameEnd after the quote that closes the name */
function startOfValue(text: string, nameEnd: number): number {
  let at = nameEnd
  while (text.charCodeAt(at) <= SPACE || text.charCodeAt(at) === COLON) at += 1
  return at
}

/** @param start of the quote that opens it @returns after the quote that closes it */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === QUOTE) return at + 1
  }
}

/** @returns where the comma or brace after the value is, however deep the value goes */
function endOfValue(text: string, start: number): number {
  let depth = 0
  for (let at = start; ; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at) - 1
    else if (depth === 0 && (code === COMMA || code === CLOSING_BRACE)) return at
    else if (code === OPENING_BRACE || code === OPENING_BRACKET) depth += 1
    else if (code === CLOSING_BRACE || code === CLOSING_BRACKET) depth -= 1
  }
}
