import type { SourceFile } from '../intake/source-file.ts'
import type { Line } from '../read/lines.ts'
import type { Rejection } from '../reasons.ts'
import { DEAD_LETTER_SCHEMA, lineField, type DeadLetter, type DeadLetterSource, type LineOrigin } from './dead-letter.ts'

/** What all dead letters of one import have in common. */
export interface DeadLetterOrigin {
  readonly file: SourceFile
  readonly lastModified?: Date
  /** How often this work was replayed from the dead-letter queue. */
  readonly replays: number
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
    source: { ...sourceOf(origin), line: line.number, byteStart: line.byteStart, byteEnd: line.byteEnd },
    ...(lineOrigin !== undefined && { origin: lineOrigin }),
    ...(origin.countedAs !== undefined && { countedAs: origin.countedAs }),
    ...lineField(line.fault?.bytes ?? line.text, line.byteEnd - line.byteStart),
    attempts,
    replays: origin.replays,
    failedAt: new Date(failedAt).toISOString(),
  }
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
