/** Kissmetrics, technical notes: names and identities have at most 255 characters. */
export const MAX_NAME_CHARACTERS = 255

/** Whether the text has more characters (code points, not halves of them) than the limit. */
export function isLongerThan(text: string, characters: number): boolean {
  if (text.length <= characters) return false
  let count = 0
  for (const _character of text) {
    count += 1
    if (count > characters) return true
  }
  return false
}

/** Bytes of a well-formed text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x80) continue
    // Each half of a pair counts two, which makes the four bytes that the pair has.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2
  }
  return bytes
}

export function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true
  }
  return false
}

const SHOWN_CHARACTERS = 60

/** The name of a property for a sentence: one line, not too long, and quoted. */
export function shownName(name: string): string {
  const characters = Array.from(name.slice(0, 2 * SHOWN_CHARACTERS)).slice(0, SHOWN_CHARACTERS)
  const start = characters.join('')
  return JSON.stringify(start.length < name.length ? `${start}…` : start)
}
