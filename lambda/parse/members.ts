/** What stands at the top of an object, in the order of the text. */
export interface Member {
  readonly name: string
  readonly value: unknown
  /** The value as it was written, where it is a number that JavaScript may have changed. */
  readonly lexeme?: string
}

export type Members = readonly Member[] | { readonly duplicate: string }

/**
 * The members of an object, with what JSON.parse does not tell: whether a name is there twice, in which order they stand, and how a
 * number was written.
 *
 * The text is looked at again only where it can matter, which is seldom: a colon more than there are names, a name that JavaScript
 * moves to the front since it looks like an index, or a number of many digits.
 *
 * @param text valid JSON
 * @param object what JSON.parse made of it
 */
export function readMembers(text: string, object: Readonly<Record<string, unknown>>): Members {
  const names = Object.keys(object)
  return needsScan(text, object, names) ? scanMembers(text, object) : names.map((name) => ({ name, value: object[name] }))
}

/** Up to fifteen digits come out of JavaScript's numbers as they went in. */
const MANY_DIGITS = /[\d.]{16}/
/** Nearer to nothing, digits are lost whatever their number. */
const TINY = 1e-290

function needsScan(text: string, object: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  let colons = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) colons += 1
  if (colons !== names.length) return true
  let hasNumber = false
  for (const name of names) {
    const first = name.charCodeAt(0)
    if (first >= 0x30 && first <= 0x39) return true
    const value = object[name]
    if (typeof value !== 'number') continue
    if (value > -TINY && value < TINY && text.includes('-')) return true
    hasNumber = true
  }
  return hasNumber && MANY_DIGITS.test(text)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

function scanMembers(text: string, object: Readonly<Record<string, unknown>>): Members {
  const members: Member[] = []
  const seen = new Set<string>()
  for (let at = text.indexOf('{') + 1; ; ) {
    const nameStart = text.indexOf('"', at) // between two members there is nothing but space and a comma
    if (nameStart === -1) return members
    const nameEnd = endOfString(text, nameStart)
    // The name is judged as it is meant: "\u0061" is "a".
    const name = JSON.parse(text.slice(nameStart, nameEnd)) as string
    if (seen.has(name)) return { duplicate: name }
    seen.add(name)
    const valueStart = skipSpace(text, text.indexOf(':', nameEnd) + 1)
    const valueEnd = endOfValue(text, valueStart)
    const value = object[name]
    members.push(typeof value === 'number' ? { name, value, lexeme: text.slice(valueStart, valueEnd).trimEnd() } : { name, value })
    at = valueEnd
  }
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (text.charCodeAt(at) <= 0x20) at += 1
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
  for (let at = start; ; ) {
    const character = text[at]
    if (character === '"') {
      at = endOfString(text, at)
      continue
    }
    if (depth === 0 && (character === ',' || character === '}')) return at
    if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') depth -= 1
    at += 1
  }
}
