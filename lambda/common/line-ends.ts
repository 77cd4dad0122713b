const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

/** The first line end is searched for in this many bytes. */
export const LINE_END_SEARCH_BYTES = 65_536

/**
 * Whether the lines of a file end with CR alone, as old Macs and some versions of Excel write them: its first line end is a CR between two
 * objects. No line can contain that: between the tokens of one JSON object, no object follows another without a comma.
 *
 * @param head the first bytes of the file
 * @param isComplete whether these are all bytes
 * @returns undefined if more bytes are needed
 */
export function endsLinesWithCr(head: Uint8Array, isComplete: boolean): boolean | undefined {
  const unknown = isComplete || head.length >= LINE_END_SEARCH_BYTES ? false : undefined
  const cr = head.indexOf(CR)
  const lf = head.indexOf(LF)
  if (lf !== -1 && (cr === -1 || lf < cr)) return false
  if (cr === -1 || cr >= LINE_END_SEARCH_BYTES) return unknown
  let before = cr - 1
  while (before >= 0 && isBlank(head[before])) before -= 1
  if (head[before] !== CLOSING_BRACE) return false
  let after = cr + 1
  while (after < head.length && (isBlank(head[after]) || head[after] === CR)) after += 1
  if (after >= LINE_END_SEARCH_BYTES) return false
  return after === head.length ? unknown : head[after] === OPENING_BRACE
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x09
}

/** A copy with LF in place of CR: each byte stays at its position. */
export function withLfForCr(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes)
  for (let at = copy.indexOf(CR); at !== -1; at = copy.indexOf(CR, at + 1)) copy[at] = LF
  return copy
}
