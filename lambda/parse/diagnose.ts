import { reject, type Rejection } from '../reasons.ts'
import { convertHint, rejectLayout } from './foreign.ts'
import { explainJsonError } from './json-error.ts'
import { hasSecondObject, unpackedObject } from './objects.ts'
import { isWorkbook } from './workbook.ts'

interface Signature {
  readonly what: string
  readonly bytes: readonly number[]
  readonly at?: number
}

/** Formats that people upload by mistake, and their first bytes. No JSON line in UTF-8 can start with any of them. */
// prettier-ignore
const SIGNATURES: readonly Signature[] = [
  { what: 'compressed twice; compress it only once', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { what: 'an empty zip archive',                    bytes: [0x50, 0x4b, 0x05, 0x06] },
  { what: 'a part of a zip archive',                 bytes: [0x50, 0x4b, 0x07, 0x08] },
  { what: 'an old Excel or Word document',           bytes: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] },
  { what: 'an RTF document',                         bytes: [0x7b, 0x5c, 0x72, 0x74, 0x66] },
  { what: 'a PDF document',                          bytes: [0x25, 0x50, 0x44, 0x46, 0x2d] },
  { what: 'compressed twice; compress it only once', bytes: [0x1f, 0x8b] },
  { what: 'compressed twice; compress it only once', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { what: 'compressed with bzip2',                   bytes: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], at: 4 },
  { what: 'compressed with xz',                      bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { what: 'compressed with lz4',                     bytes: [0x04, 0x22, 0x4d, 0x18] },
  { what: 'compressed with snappy',                  bytes: [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e] },
  { what: 'a 7-Zip archive',                         bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { what: 'a RAR archive',                           bytes: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07] },
  { what: 'a tar archive',                           bytes: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257 },
  { what: 'a Parquet file',                          bytes: [0x50, 0x41, 0x52, 0x31] },
  { what: 'an Avro file',                            bytes: [0x4f, 0x62, 0x6a, 0x01] },
  { what: 'an SQLite database',                      bytes: [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66] },
  { what: 'an image',                                bytes: [0x89, 0x50, 0x4e, 0x47] },
  { what: 'an image',                                bytes: [0xff, 0xd8, 0xff] },
  { what: 'UTF-32 text',                             bytes: [0xff, 0xfe, 0x00, 0x00] },
  { what: 'UTF-32 text',                             bytes: [0x00, 0x00, 0xfe, 0xff] },
  { what: 'UTF-16 text',                             bytes: [0xff, 0xfe] },
  { what: 'UTF-16 text',                             bytes: [0xfe, 0xff] },
]

/**
 * Recognises files that are not UTF-8 text by their first bytes.
 *
 * @param start the first bytes of the file, decompressed; some hundreds are enough
 * @returns `unsupported_format` with the name of the format, or undefined if the file may be text
 */
export function diagnoseBytes(start: Uint8Array): Rejection | undefined {
  const signature = SIGNATURES.find(({ bytes, at = 0 }) => bytes.every((byte, index) => start[at + index] === byte))
  const what = isWorkbook(start) ? WORKBOOK : (signature?.what ?? wideEncoding(start))
  return what === undefined ? undefined : reject('unsupported_format', what)
}

const WORKBOOK = 'an Excel workbook; in Excel, save it as CSV UTF-8'

/**
 * UTF-16 and UTF-32 without a byte order mark. JSON starts with two ASCII characters, so the positions of the zero bytes show the encoding
 * (RFC 4627, section 3).
 */
function wideEncoding(start: Uint8Array): string | undefined {
  const zeros = Array.from(start.subarray(0, 4), (byte) => (byte === 0 ? '0' : 'x')).join('')
  if (zeros === 'x000' || zeros === '000x') return 'UTF-32 text'
  return zeros === 'x0x0' || zeros === '0x0x' ? 'UTF-16 text' : undefined
}

/** One of the first lines of a file in which no JSON object was found yet. */
export interface SniffedLine {
  /** Undefined if the line is not text, or is too long. */
  readonly text: string | undefined
  /** The start of a line that is too long: the most common case is a file that is one long line. */
  readonly start?: string | undefined
}

/**
 * Decides whether a file in which no JSON object was found is not line-delimited JSON at all, and what it looks like instead.
 *
 * @param head the first lines that are not blank
 * @param isWhole true if the file has no more lines; false if enough lines were read to decide without the rest
 * @returns undefined if the lines should be rejected one by one: a short file whose lines happen to be broken
 */
export function diagnoseFile(head: readonly SniffedLine[], isWhole: boolean): Rejection | undefined {
  if (head.length === 0) return undefined
  const texts = head.flatMap(({ text }) => (text === undefined ? [] : [text.trim()]))
  const what = formatOf(head, texts, isWhole) ?? (isWhole ? undefined : noObjectHint(head.length, texts))
  return what === undefined ? undefined : reject('not_line_delimited_json', what)
}

function formatOf([first]: readonly SniffedLine[], texts: readonly string[], isWhole: boolean): string | undefined {
  const start = (first?.text ?? first?.start ?? '').trim()
  if (start.startsWith('<')) return /^<(?:!doctype html|html)/i.test(start) ? 'it is a web page' : 'it is XML'
  if (hasSecondObject(start)) return CONCATENATED
  if (/^\[\s*\{/.test(start) && isList(first?.text))
    return `it is one list on a single line; write each object on its own line, without the list around them${ARRAY_HINT}`
  if (isListPerLine(texts)) return 'its lines are lists; write each line as an object with names'
  if (spansSeveralLines(texts, isWhole)) return `it is one JSON document that spans several lines${documentHint(texts)}`
  if (hasLeadingCommas(texts)) return `it is a list with its objects on several lines${ARRAY_HINT}`
  if (isCommaSeparated(texts)) return `its lines end with commas; remove them${ARRAY_HINT}`
  if (isPackedPerLine(texts)) return `each line is text that contains JSON${convertHint(['unpack'])}`
  const rows = texts.length === 1 ? (texts[0] ?? '').split('\r') : texts
  if (isTable(rows)) return TABLE
  return undefined
}

/** A table with the names of Kissmetrics is read as CSV, and never comes here. */
const TABLE = 'it looks like CSV, but its first row does not name the columns Identity, Timestamp and Event'

const ARRAY_HINT = convertHint(['array'])

/** The diagnosis of objects that follow each other on one line. */
const CONCATENATED = `objects follow each other without line ends${convertHint(['split-objects'])}`

const NAME_OF_LIST = /^\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*\[/

/** Where the objects of a document are. */
function documentHint(texts: readonly string[]): string {
  const [first = ''] = texts
  if (first.startsWith('[')) return `; write each object on its own line, without a list around them${ARRAY_HINT}`
  const name = NAME_OF_LIST.exec(texts.slice(0, MAX_START_LINES).join('\n'))?.[1]
  if (name === undefined) return `; write each object on its own line${convertHint(['split-objects'])}`
  return `, with the objects in the list \`${name.slice(0, MAX_SHOWN_NAME)}\`${convertHint([`list:${name}`])}`
}

/** Enough to find the first name. */
const MAX_START_LINES = 5
const MAX_SHOWN_NAME = 60

/** Each line is a JSON text or a CSV field, with an object in it. */
function isPackedPerLine(texts: readonly string[]): boolean {
  return texts.length > 0 && texts.every((text) => text.startsWith('"') && unpackedObject(text) !== undefined)
}

/**
 * What is wrong with a file whose first line is so long that it cannot be one line. It begins like an object.
 *
 * @param start of the line
 */
export function diagnoseLongLine(start: string): Rejection | undefined {
  if (hasSecondObject(start)) return reject('not_line_delimited_json', CONCATENATED)
  const name = NAME_OF_LIST.exec(start)?.[1]
  return name === undefined || !/^\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*\{/.test(start)
    ? undefined
    : rejectLayout({
        reason: 'not_line_delimited_json',
        what: `the objects are in the list \`${name.slice(0, MAX_SHOWN_NAME)}\``,
        fixes: [`list:${name}`],
      })
}

/** Whether a line that is not an object shows that the file is not one object per line, whatever follows. */
export function diagnoseFirstLine(text: string): Rejection | undefined {
  return hasSecondObject(text) ? reject('not_line_delimited_json', CONCATENATED) : undefined
}

/** A list that begins on the first line and has objects on lines of their own. Only their last one is valid JSON without its comma. */
export function diagnoseList(first: string): Rejection | undefined {
  const start = first.trim()
  return start.startsWith('[') && parsed(start) === undefined
    ? reject('not_line_delimited_json', `it is a list with its objects on several lines${ARRAY_HINT}`)
    : undefined
}

function noObjectHint(count: number, texts: readonly string[]): string {
  const broken = texts.find((text) => parsed(text) === undefined)
  const hint = broken === undefined ? '' : `; in the first line that is not JSON, ${explainJsonError(broken)}`
  return `none of its first ${count} lines is a JSON object${hint}`
}

/** @returns undefined for text that is not JSON; JSON itself has no `undefined` */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A line that is too long to parse counts as a list. */
function isList(text: string | undefined): boolean {
  return text === undefined || Array.isArray(parsed(text))
}

function isListPerLine(texts: readonly string[]): boolean {
  return texts.length > 1 && texts.every((text) => text.startsWith('[') && isList(text))
}

/** A document that spans several lines opens a bracket on its first line and does not close it there. */
function spansSeveralLines(texts: readonly string[], isWhole: boolean): boolean {
  const [first = '', ...others] = texts
  if (others.length === 0 || !/^[[{]/.test(first) || !/[[{,:]$/.test(first)) return false
  if (isWhole && parsed(texts.join('\n')) !== undefined) return true
  // With an error in it (for example a trailing comma), the document is not valid JSON, but its other lines still show what it is.
  return others.some((text) => /^(?:[\]}],?|[[{]|"[^"]*"\s*:.*)$/.test(text)) || isCommaSeparated(others)
}

function isCommaSeparated(texts: readonly string[]): boolean {
  return (
    texts.length > 1 &&
    texts.every((text) => text.startsWith('{') && text.endsWith(',') && parsed(text.slice(0, -1)) !== undefined)
  )
}

/** A list with a comma in front of each object, as some databases write it. */
function hasLeadingCommas([first = '', ...others]: readonly string[]): boolean {
  return first.startsWith('[') && others.length > 0 && others.every((text) => /^(?:,|\]$)/.test(text))
}

const SEPARATORS = [',', ';', '\t', '|']
const MAX_TABLE_ROWS = 20

/** Most rows have as many columns as the first one, at least two, and none starts with a brace or bracket. */
function isTable(texts: readonly string[]): boolean {
  const rows = texts.slice(0, MAX_TABLE_ROWS)
  if (rows.length < 2 || rows.some((row) => /^[[{\]}]/.test(row))) return false
  return SEPARATORS.some((separator) => {
    const columns = rows.map((row) => row.split(separator).length)
    const [header = 1] = columns
    return header > 1 && columns.filter((count) => count === header).length * 2 > columns.length
  })
}
