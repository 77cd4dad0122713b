/** Name and value. */
export type Parameter = readonly [name: string, text: string]

/**
 * The decoded parameters of a query or a form, in their order. Both `+` and `%20` are a space.
 *
 * @returns undefined if the encoding is invalid: a lone `%`, bytes that are not UTF-8, or unescaped characters. A browser would guess the
 *   intention; the emulator must expose the mistake of the sender instead.
 * @see Kissmetrics, "API specifications": parameters must be URL-encoded
 */
export function decodeParameters(encoded: string): readonly Parameter[] | undefined {
  if (NOT_PRINTABLE_ASCII.test(encoded)) return undefined
  const parameters: Parameter[] = []
  try {
    for (const piece of encoded.split('&')) {
      if (piece === '') continue
      const equals = piece.indexOf('=')
      parameters.push(equals === -1 ? [decode(piece), ''] : [decode(piece.slice(0, equals)), decode(piece.slice(equals + 1))])
    }
  } catch {
    return undefined
  }
  return parameters
}

const NOT_PRINTABLE_ASCII = /[^!-~]/

/** @throws URIError */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  return spaced.includes('%') ? decodeURIComponent(spaced) : spaced
}

const SHOWN_KEY_CHARACTERS = 4

/** Replaces the API key with its last four characters, so that it is neither stored nor shown. */
export function withoutKey(encoded: string): string {
  return encoded
    .split('&')
    .map((piece) => {
      const equals = piece.indexOf('=')
      if (equals === -1 || !isKeyName(piece.slice(0, equals))) return piece
      const key = piece.slice(equals + 1)
      return `_k=…${key.length >= 4 * SHOWN_KEY_CHARACTERS ? key.slice(-SHOWN_KEY_CHARACTERS) : ''}`
    })
    .join('&')
}

function isKeyName(encoded: string): boolean {
  if (!encoded.includes('%')) return encoded === '_k'
  try {
    return decodeURIComponent(encoded) === '_k'
  } catch {
    return false
  }
}
