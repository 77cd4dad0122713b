import { reject, type Rejection } from '../reasons.ts'

/** One of the first lines of a drop, none of which was a JSON object. */
export interface HeadLine {
  /** Undefined where the bytes were no text, or too many. */
  readonly text: string | undefined
}

interface Signature {
  readonly what: string
  readonly bytes: readonly number[]
  readonly at?: number
}

/** First bytes of what people drop by mistake. */
const SIGNATURES: readonly Signature[] = [
  { what: 'a zip archive or an Excel workbook', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { what: 'an empty zip archive', bytes: [0x50, 0x4b, 0x05, 0x06] },
  { what: 'an old Excel workbook', bytes: [0xd0, 0xcf, 0x11, 0xe0] },
  { what: 'gzip inside of gzip: it was packed twice', bytes: [0x1f, 0x8b] },
  { what: 'packed with zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { what: 'packed with bzip2', bytes: [0x42, 0x5a, 0x68] },
  { what: 'packed with xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { what: 'a 7-Zip archive', bytes: [0x37, 0x7a, 0xbc, 0xaf] },
  { what: 'a tar archive', bytes: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257 },
  { what: 'Parquet', bytes: [0x50, 0x41, 0x52, 0x31] },
  { what: 'Avro', bytes: [0x4f, 0x62, 0x6a, 0x01] },
  { what: 'ORC', bytes: [0x4f, 0x52, 0x43] },
  { what: 'a PDF document', bytes: [0x25, 0x50, 0x44, 0x46] },
  { what: 'a picture', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { what: 'UTF-32', bytes: [0xff, 0xfe, 0x00, 0x00] },
  { what: 'UTF-32', bytes: [0x00, 0x00, 0xfe, 0xff] },
  { what: 'UTF-16', bytes: [0xff, 0xfe] },
  { what: 'UTF-16', bytes: [0xfe, 0xff] },
  // Without a mark: a bracket or quote, and a zero beside it.
  { what: 'UTF-16', bytes: [0x7b, 0x00] },
  { what: 'UTF-16', bytes: [0x5b, 0x00] },
  { what: 'UTF-16', bytes: [0x00, 0x7b] },
  { what: 'UTF-16', bytes: [0x00, 0x5b] },
]

/**
 * Whether the first bytes of a drop, unpacked, are of a kind that is no UTF-8 text.
 *
 * @param start some hundreds of bytes, fewer where the drop is shorter
 */
export function diagnoseBytes(start: Uint8Array): Rejection | undefined {
  const found = SIGNATURES.find(({ bytes, at = 0 }) => bytes.every((byte, index) => start[at + index] === byte))
  return found && reject('unsupported_format', found.what)
}

/**
 * Whether lines of which none was a JSON object are no JSON-lines file at all, and what they are instead.
 *
 * @param head the first lines that are not blank
 * @param isWhole whether the drop has no more lines; otherwise these were so many that it need not be looked at further
 * @returns undefined where the lines should rather come back one by one: a short file whose lines happen to be broken
 */
export function diagnoseDrop(head: readonly HeadLine[], isWhole: boolean): Rejection | undefined {
  if (head.length === 0) return undefined
  const texts = head.map(({ text }) => text?.trim() ?? '')
  const what = whatIsIt(texts, isWhole)
  if (what !== undefined) return reject('not_line_delimited_json', what)
  return isWhole ? undefined : reject('not_line_delimited_json', `none of its first ${head.length} lines is a JSON object`)
}

function whatIsIt(texts: readonly string[], isWhole: boolean): string | undefined {
  const first = texts[0] ?? ''
  if (first.startsWith('<')) return /^<(!doctype html|html)/i.test(first) ? 'it is a web page' : 'it is XML'
  if (first.startsWith('[') && isJson(first)) return 'it is one JSON list; write each of its objects on a line of its own, without the list around them'
  if (isSpread(texts, isWhole)) return 'it is a JSON document that goes over several lines; write each object on one line, without a list around them'
  if (isSeparated(texts)) return 'it looks like CSV; write each row as a JSON object'
  return undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A document over several lines opens a bracket in its first line that the line does not close. */
function isSpread(texts: readonly string[], isWhole: boolean): boolean {
  const first = texts[0] ?? ''
  if (texts.length < 2 || !/^[[{]/.test(first) || !/[[{,:]$/.test(first)) return false
  if (isWhole && isJson(texts.join('\n'))) return true
  // With a mistake in it, as a comma after the last value, it is no JSON; its other lines give it away all the same.
  return texts.slice(1).some((text) => /^[\]}],?$/.test(text) || /^"[^"]*"\s*:/.test(text) || /^[[{]$/.test(text))
}

const SEPARATORS = [',', ';', '\t', '|']

/** Rows of the same number of columns, at least two, and no brace or bracket at their start. */
function isSeparated(texts: readonly string[]): boolean {
  const rows = texts.slice(0, 20)
  if (rows.length < 2 || rows.some((row) => /^[[{\]}]/.test(row))) return false
  return SEPARATORS.some((separator) => {
    const columns = rows.map((row) => row.split(separator).length)
    const [header = 1] = columns
    return header > 1 && columns.filter((count) => count === header).length * 2 > columns.length
  })
}
