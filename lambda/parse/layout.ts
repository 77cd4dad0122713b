/** An object from JSON.parse. */
export type JsonObject = Readonly<Record<string, unknown>>

/** An object, and what JSON.parse does not report about it. */
export interface Layout {
  readonly object: JsonObject
  /** Its names, in the order of the line. */
  readonly names: readonly string[]
  /** Its numbers as written, by name. Only present if JavaScript may have changed one of them. */
  readonly lexemes?: ReadonlyMap<string, string>
}

/** A name that occurs twice. */
export interface Duplicate {
  readonly duplicate: string
}

/**
 * The order of the names of an object, its numbers as written, and whether a name occurs twice.
 *
 * The text is scanned again only if it can matter, which is rare: it has more colons than names, a name that looks like an index (JavaScript
 * moves those to the front), a number that may have lost digits, or a name with a backslash.
 *
 * @param text valid JSON: one object
 * @param object the result of JSON.parse
 */
export function readLayout(text: string, object: JsonObject): Layout | Duplicate {
  const names = Object.keys(object)
  return needsScan(text, object, names) ? scan(text) : { object, names }
}

function needsScan(text: string, object: JsonObject, names: readonly string[]): boolean {
  return (
    startsWithDigit(names[0]) || // JavaScript puts names that look like an index first
    mayHoldMoreNames(text, names.length) ||
    mayBeMisread(text, names) ||
    mayLoseDigits(text, object, names)
  )
}

/**
 * V8 can return a wrong key: if an earlier line had a key equal to the raw first characters of this escaped key, V8 reuses it. After a line
 * with the key `\`, the key "\n" also comes out as `\`. A wrong key therefore always contains a backslash. Parsing the key on its own
 * gives the right result. https://github.com/nodejs/node/issues/63785
 */
function mayBeMisread(text: string, names: readonly string[]): boolean {
  return text.includes('\\') && names.some((name) => name.includes('\\'))
}

function startsWithDigit(name: string | undefined): boolean {
  return name !== undefined && isDigit(name.charCodeAt(0))
}

/** Counts the colons that can follow a name. If there are more than names, a name may occur twice, or in a nested object. */
function mayHoldMoreNames(text: string, count: number): boolean {
  let colons = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before === QUOTE || before <= SPACE) colons += 1 // in "url":"https://…" the second colon does not follow a name
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

/** Numbers that JavaScript writes with an exponent, and zeros that may be rounded from a tiny number. */
function isWrittenOddly(value: number, text: string): boolean {
  const size = Math.abs(value)
  return size === 0 ? text.includes('e-') || text.includes('E-') : size < 1e-6 || size >= 1e21
}

/** JavaScript keeps every number with up to 15 digits exactly. */
const SAFE_DIGITS = 15
const STRIDE = SAFE_DIGITS + 1

/**
 * Finds a run of 16 digits, or 15 digits and a point. Wherever such a run starts, it covers a position that is a multiple of 16, so only
 * these positions are checked.
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
  const object = Object.create(null) as Record<string, unknown> // without a prototype, __proto__ is a normal name
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

/** One name of an object with its value, and the positions of both. Ends are exclusive. */
export interface Member {
  /** Unescaped: "\u0061" is "a". */
  readonly name: string
  readonly nameStart: number
  readonly nameEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** The members of an object in the order of the text, including duplicates. @param text valid JSON: one object */
export function* membersOf(text: string): Generator<Member> {
  for (let at = text.indexOf('{') + 1; ;) {
    const nameStart = text.indexOf('"', at) // between two members there are only spaces and a comma
    if (nameStart === -1) return
    const nameEnd = endOfString(text, nameStart)
    const name = JSON.parse(text.slice(nameStart, nameEnd)) as string
    const valueStart = startOfValue(text, nameEnd)
    at = endOfValue(text, valueStart)
    yield { name, nameStart, nameEnd, valueStart, valueEnd: valueStart + text.slice(valueStart, at).trimEnd().length }
  }
}

/** @param nameEnd the position after the closing quote of the name */
function startOfValue(text: string, nameEnd: number): number {
  let at = nameEnd
  while (text.charCodeAt(at) <= SPACE || text.charCodeAt(at) === COLON) at += 1
  return at
}

/** @param start position of the opening quote @returns the position after the closing quote */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === QUOTE) return at + 1
  }
}

/** @returns the position of the comma or brace after the value, however deeply the value is nested */
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
