import { sha256 } from './sha256.ts'
import { edit } from './edit.ts'

/** Adds a property to a line that does not have it. */
export function addDefault(text: string, name: string, value: string): string {
  return edit(text, (members) => {
    if (members.some((member) => member.name === name)) return []
    const end = text.lastIndexOf('}')
    return [{ start: end, end, text: `${members.length === 0 ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}` }]
  })
}

/** The items of a list without nested ones, as JSON. */
const ITEMS = /"(?:[^"\\]|\\.)*"|[^\s,[\]"]+/g

/** Lists of texts and numbers become one text: `["a",2]` becomes `"a, 2"`. */
export function joinLists(text: string): string {
  return edit(text, (members) =>
    members.flatMap(({ valueStart: start, valueEnd: end }) => {
      const joined = joinedList(text.slice(start, end))
      return joined === undefined ? [] : [{ start, end, text: JSON.stringify(joined) }]
    }),
  )
}

function joinedList(lexeme: string): string | undefined {
  if (!lexeme.startsWith('[')) return undefined
  const items = JSON.parse(lexeme) as readonly unknown[]
  if (items.some((item) => typeof item === 'object')) return undefined
  // The digits of a number stay as they are written.
  return (lexeme.match(ITEMS) ?? []).map((item) => (item.startsWith('"') ? (JSON.parse(item) as string) : item)).join(', ')
}

/** An amount with commas between thousands, and perhaps a currency sign before it. */
const AMOUNT = /^\s*[$\u20ac\u00a3\u00a5]?\s*(-?)((?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*|0)(?:\.\d+)?)\s*$/

/** A number that is written as text, like `"$1,299.00"`, becomes the number. */
export function toNumber(text: string, name: string): string {
  return edit(text, (members) =>
    members.flatMap(({ name: member, valueStart: start, valueEnd: end }) => {
      if (member !== name || text[start] !== '"') return []
      const [, sign = '', digits] = AMOUNT.exec(JSON.parse(text.slice(start, end)) as string) ?? []
      return digits === undefined ? [] : [{ start, end, text: sign + digits.replaceAll(',', '') }]
    }),
  )
}

const HASH = /^[0-9a-f]{64}$/

/** Replaces a value by its SHA-256: the same value always has the same hash, which does not show the value. */
export function hashProperty(text: string, name: string): string {
  return edit(text, (members) =>
    members.flatMap(({ name: member, valueStart: start, valueEnd: end }) => {
      const value = member === name ? plainText(text.slice(start, end)) : undefined
      return value === undefined || value === '' || HASH.test(value) ? [] : [{ start, end, text: JSON.stringify(sha256(value)) }]
    }),
  )
}

/** Whether a property of a line has a value. A text, a number and a truth value are compared as they are written. */
export function hasValue(text: string, name: string, value: string): boolean {
  let isSame = false
  edit(text, (members) => {
    isSame = members.some((member) => member.name === name && plainText(text.slice(member.valueStart, member.valueEnd)) === value)
    return []
  })
  return isSame
}

/** @returns undefined for null, an object or a list */
function plainText(lexeme: string): string | undefined {
  if (lexeme.startsWith('"')) return JSON.parse(lexeme) as string
  return lexeme === 'null' || lexeme.startsWith('{') || lexeme.startsWith('[') ? undefined : lexeme
}
