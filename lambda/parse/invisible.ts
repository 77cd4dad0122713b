/**
 * Spaces, control characters, and characters that are not drawn. U+2800 is the empty Braille pattern. Variation selectors belong to the
 * emoji before them.
 */
const HIDDEN = String.raw`(?![\ufe00-\ufe0f])[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]`
const ONE_HIDDEN = new RegExp(HIDDEN, 'u')
const ONLY_HIDDEN = new RegExp(`^(?:${HIDDEN})*$`, 'u')
const ANYWHERE = new RegExp(HIDDEN, 'gu')

/** Empty, or nothing in it can be seen. */
export function isInvisible(text: string): boolean {
  const first = text.charCodeAt(0)
  return !(first > 0x20 && first < 0x7f) && ONLY_HIDDEN.test(text)
}

/** A character that is a space, or not drawn at all. */
export function isHidden(character: string): boolean {
  return ONE_HIDDEN.test(character)
}

/** The first space or invisible character. */
export function firstHidden(text: string): string | undefined {
  return ONE_HIDDEN.exec(text)?.[0]
}

/** Removes spaces and invisible characters at both ends. */
export function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isHidden(text.charAt(start))) start += 1
  while (end > start && isHidden(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** Removes spaces and invisible characters everywhere. */
export function withoutHidden(text: string): string {
  return text.replace(ANYWHERE, '')
}

/** A JSON text with escapes for the characters that cannot be seen. */
export function visible(json: string): string {
  return json.replace(ANYWHERE, (character) =>
    character === ' '
      ? character
      : Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
          '',
        ),
  )
}

/** The names of the characters that occur in files, by their code. */
const NAMES: Readonly<Record<number, string>> = {
  0x09: 'tab',
  0x0a: 'line feed',
  0x0b: 'vertical tab',
  0x0c: 'form feed',
  0x0d: 'carriage return',
  0x20: 'space',
  0x85: 'next line',
  0xa0: 'no-break space',
  0xad: 'soft hyphen',
  0x34f: 'combining grapheme joiner',
  0x61c: 'Arabic letter mark',
  0x1680: 'Ogham space',
  0x180e: 'Mongolian vowel separator',
  0x200b: 'zero width space',
  0x200c: 'zero width non-joiner',
  0x200d: 'zero width joiner',
  0x200e: 'left-to-right mark',
  0x200f: 'right-to-left mark',
  0x2028: 'line separator',
  0x2029: 'paragraph separator',
  0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding',
  0x202c: 'end of direction',
  0x202d: 'left-to-right override',
  0x202e: 'right-to-left override',
  0x202f: 'narrow no-break space',
  0x205f: 'mathematical space',
  0x2060: 'word joiner',
  0x2800: 'empty Braille pattern',
  0x3000: 'ideographic space',
  0x3164: 'Hangul filler',
  0xfeff: 'byte order mark',
}

/** For a message: `U+200B, a zero width space`. */
export function characterName(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const name = NAMES[code] ?? (code >= 0x2000 && code <= 0x200a ? 'wide or narrow space' : 'character that is not drawn')
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}, ${name}`
}

/** What is wrong with a text in which nothing can be seen, for a message. */
export function invisibleHint(text: string): string {
  const first = text.trim()[0]
  return first === undefined ? 'it is empty' : `it has only characters that cannot be seen: ${characterName(first)}`
}
