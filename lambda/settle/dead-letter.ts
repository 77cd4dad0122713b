import type { LineRanges } from '../common/line-ranges.ts'
import type { ReasonCode } from '../reasons.ts'
import type { Rule } from '../rules/rule.ts'

export const DEAD_LETTER_SCHEMA = 'kissmetrics-importer/dead-letter/v1'

/** Where a dead letter comes from. */
export interface DeadLetterSource {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag?: string
  /** When the file was written, ISO 8601. A replay needs it, because whether a time lies in the future is measured against it. */
  readonly lastModified?: string
  /** From 1. Absent if the whole file is rejected. */
  readonly line?: number
  /** The byte range of the line in the file (of a compressed file: in its uncompressed content), end exclusive, without the newline. */
  readonly byteStart?: number
  readonly byteEnd?: number
  /** If the file is a CSV file: its rows are the lines. */
  readonly format?: 'csv'
}

/** A line of a file that is not a replay. */
export interface LineOrigin {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag?: string
  /** From 1. */
  readonly line: number
}

/** Lines that were rejected for the same reason and share one dead letter. Checkpoints store it too. */
export interface LineGroup {
  readonly lines: number
  /** Where they are in the file. */
  readonly ranges: LineRanges
  /** There were too many ranges, so some also contain lines that do not belong to the group. */
  readonly isCoarse?: true
  /** Some of the first lines. */
  readonly examples: readonly GroupExample[]
}

export interface GroupExample extends LineField {
  /** From 1. */
  readonly number: number
  /** As in the source of a dead letter about one line. */
  readonly byteStart: number
  readonly byteEnd: number
  readonly detail: string
}

/**
 * A rejected or undeliverable line, a rejected file, or many lines of a file that were rejected for the same reason: the body of a message in
 * the dead-letter queue.
 *
 * Other programs read it, so fields are added and never renamed. At most one of `line` and `lineBase64` is present.
 */
export interface DeadLetter {
  readonly schema: typeof DEAD_LETTER_SCHEMA
  readonly kind: 'line' | 'file' | 'group'
  readonly reason: ReasonCode
  /** What is wrong and what to do, for a person. */
  readonly detail: string
  readonly source: DeadLetterSource
  /** Where the line was first, if `source` is a file of fixed lines. */
  readonly origin?: LineOrigin
  /** How the report of `source` counts the line, if it was replayed. Otherwise the reason says it. */
  readonly countedAs?: 'rejected' | 'undeliverable'
  /** Only in the import queue: a replay has delivered the line, and the report of its file is still to be brought up to date. */
  readonly delivered?: true
  readonly line?: string
  /** Instead of `line`, if its bytes are not UTF-8, or if JSON escapes would make them too large for a message. */
  readonly lineBase64?: string
  /** The line was cut at MAX_LINE_BYTES. The byte range leads to the whole line. */
  readonly lineTruncated?: true
  /** Of a CSV file: the row as it is in the file, if it is not too long. `line` is the JSON line that it means. */
  readonly row?: string
  /** Only of a group. */
  readonly group?: LineGroup
  /** Requests that were sent for the line. */
  readonly attempts: number
  /** How often it was replayed and failed again. */
  readonly replays: number
  /** ISO 8601. */
  readonly failedAt: string
  /** The import rules of the import that the line belongs to. A redrive uses them too. The line is always that of the file. */
  readonly rules?: readonly Rule[]
}

/** A dead letter carries at most this much of a line. */
export const MAX_LINE_BYTES = 200 * 1024
/** A message may have 1,048,576 bytes with its attributes. This leaves room for the other fields. */
const MAX_ESCAPED_BYTES = 900_000

export type LineField = Pick<DeadLetter, 'line' | 'lineBase64' | 'lineTruncated'>

/**
 * The fields of a dead letter that carry its line: as text if possible, otherwise as base64.
 *
 * @param raw the text, or the bytes if they may not be UTF-8. The bytes may have been cut before.
 * @param wholeBytes length of the line in the file
 * @param maxBytes how much of the line is kept
 */
export function lineField(raw: string | Buffer, wholeBytes: number, maxBytes: number = MAX_LINE_BYTES): LineField {
  const bytes = typeof raw === 'string' ? Buffer.from(raw, 'utf8') : raw
  const kept = bytes.subarray(0, maxBytes)
  const isCut = wholeBytes > kept.length
  const truncated = isCut ? { lineTruncated: true as const } : {}
  const text = asText(kept, isCut)
  if (text !== undefined && Buffer.byteLength(JSON.stringify(text)) <= MAX_ESCAPED_BYTES) return { line: text, ...truncated }
  return { lineBase64: kept.toString('base64'), ...truncated }
}

/** @param isCut leaves out a character that was cut in half: with `stream` the decoder waits for its other half */
function asText(bytes: Buffer, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
  } catch {
    return undefined
  }
}

/**
 * The fields of a dead letter that carry a CSV row.
 *
 * @param row as in the file
 * @param line what carries the line; a message has to hold both
 */
export function rowField(row: string | undefined, { line = '' }: LineField): Pick<DeadLetter, 'row'> {
  if (row === undefined || Buffer.byteLength(row) > MAX_LINE_BYTES) return {}
  const bytes = Buffer.byteLength(JSON.stringify(row)) + Buffer.byteLength(JSON.stringify(line))
  return bytes <= MAX_ESCAPED_BYTES ? { row } : {}
}

/** The line in a dead letter; undefined if it carries no line, or only a part. */
export function lineOf(deadLetter: DeadLetter): Buffer | undefined {
  if (deadLetter.lineTruncated === true) return undefined
  if (deadLetter.line !== undefined) return Buffer.from(deadLetter.line, 'utf8')
  return deadLetter.lineBase64 === undefined ? undefined : Buffer.from(deadLetter.lineBase64, 'base64')
}

/** Characters that SQS refuses in a body and JSON.stringify does not escape. */
const REFUSED_BY_SQS = /[\uFFFE\uFFFF]/g

/**
 * A dead letter as the body of a message. JSON escapes control characters and lone surrogates. The other characters that SQS refuses are
 * escaped here, so that SQS accepts the dead letter of any line.
 *
 * @see Amazon SQS, SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF
 */
export function toBody(deadLetter: DeadLetter): string {
  return JSON.stringify(deadLetter).replace(REFUSED_BY_SQS, (character) => (character === '\uFFFE' ? '\\ufffe' : '\\uffff'))
}
