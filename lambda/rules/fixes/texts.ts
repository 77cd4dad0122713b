import { trimmed } from '../../parse/invisible.ts'
import { isObject } from '../json-object.ts'
import { edit, type Edit } from './edit.ts'

/** Removes spaces and invisible characters around names and strings; and these, commas and brackets around the object. */
export function trim(text: string): string {
  const object = bareObject(text)
  return edit(object, (members) =>
    members.flatMap(({ nameStart, nameEnd, valueStart, valueEnd }) =>
      [trimString(object, nameStart, nameEnd), trimString(object, valueStart, valueEnd)].filter((change) => change !== undefined),
    ),
  )
}

/** @returns the text itself if there is no object in it */
function bareObject(text: string): string {
  let bare = trimmed(text)
  while (/^[,[]/.test(bare)) bare = trimmed(bare.slice(1))
  while (/[,\]]$/.test(bare)) bare = trimmed(bare.slice(0, -1))
  return isObject(bare) ? bare : text
}

function trimString(text: string, start: number, end: number): Edit | undefined {
  const lexeme = text.slice(start, end)
  if (!lexeme.startsWith('"')) return undefined
  const value = JSON.parse(lexeme) as string
  const bare = trimmed(value)
  return bare === value ? undefined : { start, end, text: JSON.stringify(bare) }
}

/** Removes the byte order marks at the start of a line, which remain when files are joined. */
export function removeBom(text: string): string {
  return text.replace(/^\ufeff+/, '')
}

/** One or several octal escapes, or any other escape. */
const ESCAPES = /((?:\\[0-3][0-7]{2})+)|\\./gs

/** Replaces the octal escapes of Kissmetrics' own exports, each of which is a byte of UTF-8. Bytes that are not UTF-8 stay as they are. */
export function decodeOctal(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(ESCAPES, (escape, octal: string | undefined) => (octal === undefined ? escape : (decoded(octal) ?? escape)))
}

function decoded(octal: string): string | undefined {
  const bytes = Uint8Array.from(octal.split('\\').slice(1), (digits) => Number.parseInt(digits, 8))
  try {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)).slice(1, -1)
  } catch {
    return undefined
  }
}
