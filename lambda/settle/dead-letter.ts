import type { ReasonCode } from '../reasons.ts'

export const DEAD_LETTER_SCHEMA = 'kissmetrics-importer/dead-letter/v1'

/** Where a dead letter comes from. */
export interface DeadLetterSource {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag?: string
  /** When the drop was written, ISO 8601: what "in the future" was measured against, and must be again at a replay. */
  readonly lastModified?: string
  /** From 1. Not there where the letter is about the whole drop. */
  readonly line?: number
  /** The line's bytes in the drop (of a compressed one: in what it unpacks to), end exclusive, without its newline. */
  readonly byteStart?: number
  readonly byteEnd?: number
}

/**
 * A line, or a whole drop, that is handed back: the body of a message on the dead-letter queue.
 *
 * Programs read it, so a field is added, never renamed. At most one of `line` and `lineBase64` is there.
 */
export interface DeadLetter {
  readonly schema: typeof DEAD_LETTER_SCHEMA
  readonly kind: 'line' | 'file'
  readonly reason: ReasonCode
  /** One sentence for a person, with what to do. */
  readonly detail: string
  readonly source: DeadLetterSource
  readonly line?: string
  /** Instead of `line` where its bytes are no text, or where escaping would make them too large for a message. */
  readonly lineBase64?: string
  /** The line was cut at LARGEST_LINE_BYTES; the byte range leads to the whole. */
  readonly lineTruncated?: true
  /** Requests that were made for it. */
  readonly attempts: number
  /** How often it came back from the dead-letter queue and failed again. */
  readonly replays: number
  /** ISO 8601. */
  readonly failedAt: string
}

/** Most of a line that a dead letter carries. */
export const LARGEST_LINE_BYTES = 200 * 1024
/** A message may have 1,048,576 bytes with its attributes; this leaves room for the rest of the envelope. */
const LARGEST_ESCAPED_BYTES = 900_000

export type LineField = Pick<DeadLetter, 'line' | 'lineBase64' | 'lineTruncated'>

/**
 * How a dead letter carries the line.
 *
 * @param raw the text, or the bytes where they may be no UTF-8; bytes may already have been cut
 * @param wholeBytes how long the line is in the drop
 */
export function lineField(raw: string | Buffer, wholeBytes: number): LineField {
  const bytes = typeof raw === 'string' ? Buffer.from(raw, 'utf8') : raw
  const kept = bytes.subarray(0, LARGEST_LINE_BYTES)
  const isCut = wholeBytes > kept.length
  const truncated = isCut ? { lineTruncated: true as const } : {}
  const text = asText(kept, isCut)
  if (text !== undefined && Buffer.byteLength(JSON.stringify(text)) <= LARGEST_ESCAPED_BYTES) return { line: text, ...truncated }
  return { lineBase64: kept.toString('base64'), ...truncated }
}

/** @param isCut a character that the cut went through is left away; `stream` makes the decoder wait for its rest */
function asText(bytes: Buffer, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
  } catch {
    return undefined
  }
}

/** The line that a dead letter brings back, or undefined where it carries none or not the whole of it. */
export function lineOf(deadLetter: DeadLetter): Buffer | undefined {
  if (deadLetter.lineTruncated === true) return undefined
  if (deadLetter.line !== undefined) return Buffer.from(deadLetter.line, 'utf8')
  return deadLetter.lineBase64 === undefined ? undefined : Buffer.from(deadLetter.lineBase64, 'base64')
}

/** The two characters of the basic plane, beyond what JSON escapes by itself, that SQS refuses in a body. */
const REFUSED_BY_SQS = /[\uFFFE\uFFFF]/g

/**
 * The letter as the text of a message. JSON escapes control characters and lone surrogates; the rest of what SQS refuses is
 * escaped here, so that no line can stop its own dead letter.
 *
 * @see Amazon SQS, SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF
 */
export function toBody(deadLetter: DeadLetter): string {
  return JSON.stringify(deadLetter).replace(REFUSED_BY_SQS, (character) => (character === '\uFFFE' ? '\\ufffe' : '\\uffff'))
}
