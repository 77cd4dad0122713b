import type { SourceFile } from '../intake/source-file.ts'
import type { Line } from '../read/lines.ts'
import { REASONS, type ReasonCode, type Rejection } from '../reasons.ts'
import type { Rule } from '../rules/rule.ts'
import {
  DEAD_LETTER_SCHEMA,
  lineField,
  rowField,
  type DeadLetter,
  type DeadLetterSource,
  type GroupExample,
  type LineField,
  type LineGroup,
  type LineOrigin,
} from './dead-letter.ts'

/** What all dead letters of one import have in common. */
export interface DeadLetterOrigin {
  readonly file: SourceFile
  readonly lastModified?: Date
  /** How often this work was replayed from the dead-letter queue. */
  readonly replays: number
  /** The import rules of this import. */
  readonly rules?: readonly Rule[] | undefined
  /** How the report counts the line of a dead letter that is replayed: what becomes of it now may be something else. */
  readonly countedAs?: 'rejected' | 'undeliverable' | undefined
  /** Where the lines of a replay were first. @param line from 1 */
  readonly originOf?: ((line: number) => LineOrigin | undefined) | undefined
}

/**
 * The dead letter for one line.
 *
 * @param attempts requests that were sent for the line
 * @param failedAt milliseconds since 1970
 */
export function lineDeadLetter(
  origin: DeadLetterOrigin,
  line: Line,
  { reason, detail }: Rejection,
  attempts: number,
  failedAt: number,
): DeadLetter {
  const lineOrigin = origin.originOf?.(line.number)
  return {
    schema: DEAD_LETTER_SCHEMA,
    kind: 'line',
    reason,
    detail,
    source: {
      ...sourceOf(origin),
      line: line.number,
      byteStart: line.byteStart,
      byteEnd: line.byteEnd,
      ...(line.format && { format: line.format }),
    },
    ...(lineOrigin !== undefined && { origin: lineOrigin }),
    ...(origin.countedAs !== undefined && { countedAs: origin.countedAs }),
    ...contentOf(line),
    attempts,
    replays: origin.replays,
    failedAt: new Date(failedAt).toISOString(),
    ...(origin.rules !== undefined && origin.rules.length > 0 && { rules: origin.rules }),
  }
}

/** The line, and the row that it was made from. The length of a row is not that of its line. */
function contentOf({ text, row, format, fault, byteStart, byteEnd }: Line): LineField & Pick<DeadLetter, 'row'> {
  if (format === undefined || fault !== undefined) return lineField(fault?.bytes ?? text, byteEnd - byteStart)
  const line = lineField(text, Buffer.byteLength(text))
  return { ...line, ...rowField(row, line) }
}

/** The one dead letter for a file that is rejected as a whole. @param failedAt milliseconds since 1970 */
export function fileDeadLetter(origin: DeadLetterOrigin, { reason, detail }: Rejection, failedAt: number): DeadLetter {
  return {
    schema: DEAD_LETTER_SCHEMA,
    kind: 'file',
    reason,
    detail,
    source: sourceOf(origin),
    attempts: 0,
    replays: origin.replays,
    failedAt: new Date(failedAt).toISOString(),
  }
}

/** An example carries at most this much of its line: checkpoints store it too. */
const MAX_EXAMPLE_BYTES = 1_000

/** A line as an example of its group. */
export function groupExample({ number, text, fault, byteStart, byteEnd }: Line, { detail }: Rejection): GroupExample {
  const raw = fault?.bytes ?? text
  const bytes = fault === undefined ? Buffer.byteLength(text) : byteEnd - byteStart
  return { number, byteStart, byteEnd, detail, ...lineField(raw, bytes, MAX_EXAMPLE_BYTES) }
}

/** The one dead letter for all lines of a file that were rejected for a reason. @param failedAt milliseconds since 1970 */
export function groupDeadLetter(origin: DeadLetterOrigin, reason: ReasonCode, group: LineGroup, failedAt: number): DeadLetter {
  return {
    schema: DEAD_LETTER_SCHEMA,
    kind: 'group',
    reason,
    detail: `${group.lines.toLocaleString('en-US')} lines were rejected for this reason: ${REASONS[reason].means}. They share this dead letter. To fix them, pull them with: npx km-import rejects pull`,
    source: sourceOf(origin),
    group,
    attempts: 0,
    replays: origin.replays,
    failedAt: new Date(failedAt).toISOString(),
    ...(origin.rules !== undefined && origin.rules.length > 0 && { rules: origin.rules }),
  }
}

function sourceOf({ file, lastModified }: DeadLetterOrigin): DeadLetterSource {
  const { bucket, key, versionId, etag } = file
  return {
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified: lastModified.toISOString() }),
  }
}
