import { characterName, isHidden } from './invisible.ts'

/**
 * Explains to a person why a text is not JSON: where the error is, and its usual cause.
 *
 * @param text a text that JSON.parse refuses
 * @returns for example `column 57: an extra comma after the last value; remove it`; never a part of the text
 */
export function explainJsonError(text: string): string {
  const { position, hint } = findError(text)
  return `column ${position + 1}: ${hint}`
}

interface JsonError {
  readonly position: number
  readonly hint: string
}

type Expected = 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'comma or end' | 'nothing'

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /-?[A-Za-z_$][\w$]*/y

/** Walks through the text like a JSON parser, but without recursion, because a line can be nested as deep as it is long. */
function findError(text: string): JsonError {
  const closers: ('}' | ']')[] = []
  let expected: Expected = 'value'
  let at = 0
  for (;;) {
    while (isSpace(text.charCodeAt(at))) at += 1
    const character = text[at]
    if (character === undefined) return { position: at, hint: cutOffHint(text) }
    if (expected === 'nothing') return { position: at, hint: afterEndHint(character) }
    if (expected === 'colon') {
      if (character !== ':') return { position: at, hint: 'a colon is missing after the name' }
      expected = 'value'
      at += 1
      continue
    }
    if (expected === 'comma or end') {
      if (character === ',') {
        expected = closers.at(-1) === '}' ? 'name' : 'value'
        at += 1
        continue
      }
      if (character !== closers.at(-1)) return { position: at, hint: betweenHint(character) }
    }
    const isEmpty = (expected === 'first name' && character === '}') || (expected === 'first value' && character === ']')
    if (expected === 'comma or end' || isEmpty) {
      closers.pop()
      expected = closers.length === 0 ? 'nothing' : 'comma or end'
      at += 1
      continue
    }
    if (expected === 'name' || expected === 'first name') {
      if (character !== '"') return { position: at, hint: nameHint(character) }
      const end = endOfString(text, at)
      if (typeof end !== 'number') return end
      at = end
      expected = 'colon'
      continue
    }
    if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']')
      expected = character === '{' ? 'first name' : 'first value'
      at += 1
      continue
    }
    const end = character === '"' ? endOfString(text, at) : endOfScalar(text, at)
    if (typeof end !== 'number') return end
    at = end
    expected = closers.length === 0 ? 'nothing' : 'comma or end'
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/** @returns the position after the closing quote, or the error inside the string */
function endOfString(text: string, start: number): number | JsonError {
  for (let at = start + 1; ; at += 1) {
    const character = text[at]
    if (character === undefined)
      return { position: text.length, hint: 'the line ends inside a text: it was cut off, or a quote is missing' }
    if (character === '"') return at + 1
    if (character < ' ') return { position: at, hint: 'a tab or another control character inside a text; write a tab as \\t' }
    if (character !== '\\') continue
    const escaped = text[at + 1] ?? ''
    if (escaped >= '0' && escaped <= '9') {
      return {
        position: at,
        hint: 'an octal escape like \\303, as in exports from Kissmetrics; write the letter itself, for example é',
      }
    }
    if (escaped === 'u' && !/^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6))) {
      return { position: at, hint: '\\u needs four hexadecimal digits after it' }
    }
    if (!'"\\/bfnrtu'.includes(escaped)) {
      return { position: at, hint: 'a backslash that JSON does not allow here; write a backslash as \\\\' }
    }
    at += 1
  }
}

/** @returns the position after the number or word, or the error in it */
function endOfScalar(text: string, start: number): number | JsonError {
  WORD.lastIndex = start
  const word = WORD.exec(text)?.[0]
  if (word === 'true' || word === 'false' || word === 'null') return start + word.length
  if (word !== undefined) {
    const isCut = start + word.length === text.length && 'true,false,null'.includes(word)
    return { position: start, hint: isCut ? CUT_OFF : wordHint(word) }
  }
  NUMBER.lastIndex = start
  const number = NUMBER.exec(text)?.[0]
  if (number === undefined) return { position: start, hint: valueHint(text[start] ?? '') }
  const end = start + number.length
  if (/[\w.+]/.test(text[end] ?? '')) return { position: end, hint: NOT_A_NUMBER }
  return end
}

const CUT_OFF = 'the line was cut off, or a closing bracket is missing'
const NOT_A_NUMBER = 'not a valid JSON number; if it is text, put it in double quotes'

const UNQUOTED: Readonly<Record<string, string>> = {
  NaN: 'NaN is not JSON; remove the property or write null',
  Infinity: 'Infinity is not JSON; remove the property or write null',
  '-Infinity': 'Infinity is not JSON; remove the property or write null',
  undefined: 'undefined is not JSON; remove the property or write null',
  None: 'None is Python; write null',
  True: 'True is Python; write true',
  False: 'False is Python; write false',
}

function wordHint(word: string): string {
  return Object.hasOwn(UNQUOTED, word) ? (UNQUOTED[word] ?? '') : 'this text needs double quotes'
}

/** Characters that look like a quote or a space. */
function lookalikeHint(character: string): string | undefined {
  if (character === "'" || character === '`') return 'single quotes; use double quotes'
  if ('“”„‟«»‘’'.includes(character)) return 'curly quotes; use straight double quotes'
  if (character === '\ufeff') return 'a byte order mark in the middle of the file, left from joining files; remove it'
  if (isHidden(character)) return `a character that JSON does not allow here (${characterName(character)}); remove it`
  return undefined
}

function nameHint(character: string): string {
  if (character === '}') return 'an extra comma after the last value; remove it'
  if (character === ',') return 'an extra comma; remove it'
  return lookalikeHint(character) ?? 'this name needs double quotes'
}

function valueHint(character: string): string {
  if (character === ']' || character === '}')
    return 'a value is missing, there is an extra comma, or this is the last part of an object that spans several lines'
  if (character === ',') return 'a value is missing before the comma'
  if ('+-.'.includes(character)) return NOT_A_NUMBER
  return lookalikeHint(character) ?? 'a value is missing or is not valid JSON'
}

function betweenHint(character: string): string {
  if (character === '}' || character === ']') return 'this closing bracket does not match the opening one'
  return 'a comma is missing, or a quote inside a text must be written as \\"'
}

function afterEndHint(character: string): string {
  if (character === ',') return 'an extra comma after the object; remove it'
  if (character === '{') return 'a second object starts here; write each object on its own line'
  if (character === ':') return 'this is one part of an object that spans several lines; write each object on one line'
  return lookalikeHint(character) ?? 'unexpected text after the end; remove it'
}

/** A line that ends with an opening bracket, a colon or a comma continues on the next line. */
function cutOffHint(text: string): string {
  return '{[:,'.includes(text.trimEnd().at(-1) ?? ' ')
    ? 'the object continues on the next line; write each object on one line'
    : CUT_OFF
}
