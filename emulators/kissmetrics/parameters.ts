/** Name and text. */
export type Parameter = readonly [name: string, text: string]

/**
 * The parameters of a query or a form, in the order in which they came. Both `+` and `%20` are a space.
 *
 * @returns undefined where the text is not encoded as it must be: a `%` that stands alone, bytes that are no UTF-8, characters that
 *   should have been escaped. A browser would guess what was meant; a sender's mistake must be seen here instead.
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

const SHOWN_OF_KEY = 4

/** The same text, but of the API key only the last four characters, so that it is neither kept nor shown. */
export function withoutKey(encoded: string): string {
  return encoded
    .split('&')
    .map((piece) => {
      const equals = piece.indexOf('=')
      if (equals === -1 || !isKeyName(piece.slice(0, equals))) return piece
      const key = piece.slice(equals + 1)
      return `_k=…${key.length >= 4 * SHOWN_OF_KEY ? key.slice(-SHOWN_OF_KEY) : ''}`
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
