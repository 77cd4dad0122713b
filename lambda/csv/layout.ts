import { reject, type Rejection } from '../reasons.ts'
import { shownName } from '../parse/text.ts'
import { cellsOf } from './cells.ts'
import { SEPARATORS, type ColumnMapping, type Separator, type TimeFormat } from './columns.ts'
import { RecordScanner } from './record-scanner.ts'

/** How the rows of a CSV file become lines. */
export interface CsvLayout {
  readonly separator: Separator
  /** Whether rows end with CR alone. */
  readonly endsWithCr: boolean
  /** Number of the row with the names of the columns. */
  readonly headerRow: number
  /** Position of the first byte: after the byte order mark, if there is one. */
  readonly byteStart: number
  /** What each column becomes: `_p`, `_t`, `_n`, `_p2` or the name of a property. Undefined if it is skipped, or has no name. */
  readonly columns: readonly Column[]
  readonly time: TimeFormat
  readonly timeZone?: string
}

export interface Column {
  /** What it becomes in the line; undefined if it is skipped. */
  readonly target: string | undefined
  /** The same as JSON. */
  readonly lexeme: string
  /** False for the empty columns that spreadsheets write after the last one. */
  readonly hasName: boolean
}

/** A CSV file, or one that is rejected because its first row has a fault. */
export type FoundCsv =
  { readonly kind: 'csv'; readonly layout: CsvLayout } | { readonly kind: 'refused'; readonly rejection: Rejection }

export type CsvSearch =
  | FoundCsv
  /** It is not a CSV file with names that are known. */
  | { readonly kind: 'other' }
  /** More bytes are needed. */
  | { readonly kind: 'undecided' }

const OTHER = Object.freeze({ kind: 'other' } as const)
const UNDECIDED = Object.freeze({ kind: 'undecided' } as const)

/** The row with the names has to end within this many bytes. */
export const CSV_HEAD_BYTES = 65_536

const BOM = [0xef, 0xbb, 0xbf]
const LF = 0x0a
const CR = 0x0d
/** A file that begins with one of these is JSON, or markup. */
const NOT_CSV = new Set(['{', '[', '<'].map((character) => character.charCodeAt(0)))

/** The columns of Kissmetrics' CSV layout, and what they become. @see Kissmetrics, "CSV Files as an External Data Source" */
const KISSMETRICS: ReadonlyMap<string, string> = new Map([
  ['identity', '_p'],
  ['timestamp', '_t'],
  ['event', '_n'],
  ['alias', '_p2'],
])
const PROPERTY = /^prop:\s*/i

/**
 * Recognises a CSV file by the names in its first row: one of the mapping, or at least two of Kissmetrics' columns.
 *
 * The decision depends only on the first CSV_HEAD_BYTES, never on how they arrived or how the file is called.
 *
 * @param head the first bytes of the file, decompressed
 * @param isComplete whether these are all bytes
 * @returns never undecided if the head is complete, or has CSV_HEAD_BYTES
 */
export function findCsv(head: Uint8Array, isComplete: boolean, mapping?: ColumnMapping): CsvSearch {
  const byteStart = BOM.every((byte, index) => head[index] === byte) ? BOM.length : 0
  const start = head.subarray(byteStart, CSV_HEAD_BYTES)
  const isFinal = isComplete || head.length >= CSV_HEAD_BYTES
  const [first] = start
  if (first === undefined) return isFinal ? OTHER : UNDECIDED
  if (NOT_CSV.has(first)) return OTHER
  // The start of a byte order mark.
  if (!isFinal && head.length < BOM.length) return UNDECIDED
  const { separator: expected = mapping?.columns === undefined ? undefined : ',' } = mapping ?? {}
  const candidates = expected === undefined || expected === 'any' ? (Object.keys(SEPARATORS) as Separator[]) : [expected]
  for (const separator of candidates) {
    const header = readHeader(start, isFinal, isComplete && head.length <= CSV_HEAD_BYTES, separator)
    if (header === 'incomplete') return UNDECIDED
    if (header === undefined || !isRecognized(header.names, mapping)) continue
    const rejection = separator === ',' || expected !== undefined ? findFault(header, mapping) : wrongSeparator(header, separator)
    if (rejection !== undefined) return { kind: 'refused', rejection }
    const columns = header.names.map((name) => columnOf(name, mapping))
    const { time = 'seconds', timeZone } = mapping ?? {}
    const { row: headerRow, endsWithCr } = header
    return {
      kind: 'csv',
      layout: { separator, endsWithCr, headerRow, byteStart, columns, time, ...(timeZone !== undefined && { timeZone }) },
    }
  }
  // The columns of Kissmetrics mean the same everywhere.
  return mapping?.columns === undefined ? OTHER : findCsv(head, isComplete)
}

interface Header {
  /** From 1. */
  readonly row: number
  readonly names: readonly string[]
  readonly endsWithCr: boolean
}

/** The first row that is not blank. */
function readHeader(
  start: Uint8Array,
  isFinal: boolean,
  isWhole: boolean,
  separator: Separator,
): Header | 'incomplete' | undefined {
  const endsWithCr = endsRowsWithCr(start, separator, isFinal)
  if (endsWithCr === undefined) return 'incomplete'
  const scanner = new RecordScanner({
    separator: separator.charCodeAt(0),
    endsWithCr,
    maxBytes: CSV_HEAD_BYTES,
    byteStart: 0,
  })
  let row = 0
  const records = [...scanner.push(start)]
  const last = isWhole && scanner.openQuote === undefined ? scanner.end() : undefined
  for (const { bytes } of last === undefined ? records : [...records, last]) {
    row += 1
    const text = decoded(bytes)
    if (text === undefined) return undefined
    const cells = cellsOf(text.replace(/\r$/, ''), separator)
    if ('column' in cells) return undefined
    const names = cells.map((cell) => cell.trim())
    if (names.some((name) => name !== '')) return { row, names, endsWithCr }
  }
  return isFinal ? undefined : 'incomplete'
}

/** Whether the first line end outside quotes is a CR without LF. @returns undefined if more bytes are needed */
function endsRowsWithCr(start: Uint8Array, separator: Separator, isFinal: boolean): boolean | undefined {
  const scanner = new RecordScanner({ separator: separator.charCodeAt(0), endsWithCr: true, maxBytes: 0, byteStart: 0 })
  for (const { byteEnd } of scanner.push(start)) {
    if (start[byteEnd] !== CR) return false
    return byteEnd + 1 < start.length || isFinal ? start[byteEnd + 1] !== LF : undefined
  }
  return isFinal ? false : undefined
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function columnOf(name: string, mapping: ColumnMapping | undefined): Column {
  const target = targetOf(name, mapping)
  return { target, lexeme: target === undefined ? '' : JSON.stringify(target), hasName: name !== '' }
}

function targetOf(name: string, mapping: ColumnMapping | undefined): string | undefined {
  if (mapping?.columns === undefined) return KISSMETRICS.get(name.toLowerCase()) ?? propertyOf(name)
  if (Object.hasOwn(mapping.columns, name)) return mapping.columns[name]
  return mapping.others === 'properties' && name !== '' ? name : undefined
}

function propertyOf(name: string): string | undefined {
  return PROPERTY.test(name) ? name.replace(PROPERTY, '') : undefined
}

function isRecognized(names: readonly string[], mapping: ColumnMapping | undefined): boolean {
  const columns = mapping?.columns
  if (columns !== undefined) return names.some((name) => name !== '' && Object.hasOwn(columns, name))
  return names.filter((name) => targetOf(name, undefined) !== undefined).length >= 2
}

function wrongSeparator({ row }: Header, separator: Separator): Rejection {
  return reject(
    'invalid_csv',
    `the columns in row ${row} are separated by ${SEPARATORS[separator]} instead of commas; to convert it, run: npx km-import fix FILE --fix csv`,
  )
}

/** What is wrong with the names of the columns. */
function findFault({ row, names }: Header, mapping: ColumnMapping | undefined): Rejection | undefined {
  const targets = names.map((name) => targetOf(name, mapping))
  const columns = mapping?.columns
  const fault =
    (columns === undefined ? findUnknown(names, targets) : findUnmapped(names, columns)) ??
    findTwice(names, targets) ??
    (columns === undefined ? findMissing(targets) : undefined)
  return fault === undefined ? undefined : reject('invalid_csv', `row ${row}: ${fault}`)
}

function findUnknown(names: readonly string[], targets: readonly (string | undefined)[]): string | undefined {
  const index = names.findIndex((name, at) => name !== '' && (targets[at] ?? '') === '')
  if (index === -1) return undefined
  const name = shownName(names[index] ?? '')
  return targets[index] === ''
    ? `column ${index + 1} is ${name}, without the name of a property`
    : `column ${index + 1} is ${name}, which is not a column of Kissmetrics; if it is a property, write Prop: in front of its name`
}

function findUnmapped(names: readonly string[], columns: NonNullable<ColumnMapping['columns']>): string | undefined {
  const missing = Object.keys(columns).find((name) => !names.includes(name))
  return missing === undefined ? undefined : `the column ${shownName(missing)} of the mapping is missing`
}

function findTwice(names: readonly string[], targets: readonly (string | undefined)[]): string | undefined {
  const index = targets.findIndex((target, at) => target !== undefined && targets.indexOf(target) !== at)
  if (index === -1) return undefined
  const first = targets.indexOf(targets[index])
  return `the columns ${first + 1} and ${index + 1} are both ${shownName(names[index] ?? '')}`
}

function findMissing(targets: readonly (string | undefined)[]): string | undefined {
  if (!targets.includes('_p')) return 'the column Identity is missing'
  const hasProperty = targets.some((target) => target !== undefined && !['_p', '_t', '_n', '_p2'].includes(target))
  const onlyAliases = targets.includes('_p2') && !targets.includes('_n') && !hasProperty
  if (!targets.includes('_t') && !onlyAliases) return 'the column Timestamp is missing'
  return targets.includes('_n') || targets.includes('_p2') || hasProperty
    ? undefined
    : 'there is no column Event, Alias or Prop:, so there is nothing to import'
}
