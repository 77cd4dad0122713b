import { isHidden } from './invisible.ts'

/** @returns the position after the object or list that starts at `start`, or -1 if it does not end in this text */
export function endOfNested(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case '"':
        at = closingQuote(text, at)
        if (at === -1) return -1
        break
      case '{':
      case '[':
        depth += 1
        break
      case '}':
      case ']':
        depth -= 1
        if (depth === 0) return at + 1
    }
  }
  return -1
}

function closingQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
  }
  return -1
}

/** @returns the position of the first character other than a space, an invisible character or a comma */
function skipSeparators(text: string, start: number): number {
  let at = start
  while (at < text.length && (text[at] === ',' || isHidden(text.charAt(at)))) at += 1
  return at
}

/** Whether a text begins with an object and then, without a line end, another one. The text may be cut off. */
export function hasSecondObject(text: string): boolean {
  const start = skipSeparators(text, 0)
  if (text[start] !== '{') return false
  const end = endOfNested(text, start)
  return end !== -1 && text[skipSeparators(text, end)] === '{' && isObject(text.slice(start, end))
}

/**
 * The objects of a text, one after the other, with nothing but spaces and commas between them. Brackets around them may be missing, or
 * only one of them present, as on the lines of a list.
 *
 * @returns undefined if there is anything else
 */
export function objectsIn(text: string): readonly string[] | undefined {
  const objects: string[] = []
  let at = skipSeparators(text, 0)
  if (text[at] === '[') at = skipSeparators(text, at + 1)
  while (text[at] === '{') {
    const end = endOfNested(text, at)
    if (end === -1 || !isObject(text.slice(at, end))) return undefined
    objects.push(text.slice(at, end))
    at = skipSeparators(text, end)
  }
  if (text[at] === ']') at = skipSeparators(text, at + 1)
  return at === text.length && objects.length > 0 ? objects : undefined
}

function isObject(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const MAX_PACKED = 5
/** A field of a CSV file: quotes around it, and each quote inside it twice. */
const CSV_FIELD = /^"((?:[^"]|"")*)"$/

/** The object in a line that is a text with JSON in it, packed once or several times. */
export function unpackedObject(line: string): string | undefined {
  let text = line.trim()
  for (let depth = 0; depth < MAX_PACKED && text.startsWith('"'); depth += 1) {
    const unpacked = unpackedOnce(text)
    if (unpacked === undefined) return undefined
    text = unpacked.trim()
    if (text.startsWith('{')) return isObject(text) ? text : undefined
  }
  return undefined
}

function unpackedOnce(text: string): string | undefined {
  const field = CSV_FIELD.exec(text)?.[1]
  if (field?.includes('""') === true) return field.replaceAll('""', '"')
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
