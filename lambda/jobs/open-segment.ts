import { buffer } from 'node:stream/consumers'
import type { SourceFile } from '../intake/source-file.ts'
import type { Task } from '../intake/task.ts'
import { endsLinesWithCr, LINE_END_SEARCH_BYTES } from '../common/line-ends.ts'
import type { Absence, OpenFile, Ports, SourceFiles } from '../ports.ts'
import { CSV_HEAD_BYTES, findCsv, packingOf } from '../read/lines.ts'
import { columnsOf } from '../rules/columns-rule.ts'
import type { Rule } from '../rules/rule.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import type { Watermark } from '../settle/ledger.ts'
import type { ReplayOrigins } from '../settle/replay-origins.ts'
import { findReplayOrigins } from './close-replay.ts'

/** A segment that is open for reading, from a line that may be before the watermark. */
export interface OpenSegment {
  readonly kind: 'open'
  readonly opened: OpenFile
  /** Position of the first line that the body contains. */
  readonly start: Watermark
  /** Of a file that a replay has uploaded: the dead letters that its lines replace. */
  readonly origins?: ReplayOrigins
}

/** Opens the part of a file that is still to be imported, from the checkpoint of the run before. */
export async function openSegment(
  { file, segment }: Task,
  { watermark, rules }: Pick<Checkpoint, 'watermark' | 'rules'>,
  { files, documents }: Pick<Ports, 'files' | 'documents'>,
): Promise<OpenSegment | { readonly kind: Absence }> {
  const start = segment === undefined ? await findStart(file, watermark, rules, files) : watermark
  const opened = await files.open(file, { start: start.byte, ...(segment !== undefined && { end: segment.byteEnd }) })
  if (opened.kind !== 'open') return opened
  try {
    const origins = await findReplayOrigins(file, opened.replay, { documents })
    return { kind: 'open', opened, start, ...(origins !== undefined && { origins }) }
  } catch (error) {
    opened.body.destroy()
    throw error
  }
}

/** Some files can only be read from their start, even if their first lines are settled. */
async function findStart(
  file: SourceFile,
  watermark: Watermark,
  rules: readonly Rule[] | undefined,
  files: SourceFiles,
): Promise<Watermark> {
  if (watermark.byte === 0) return watermark
  return (await isReadFromStart(file, rules, files)) ? { line: 0, byte: 0 } : watermark
}

/**
 * Whether an object can only be read from its start: it is compressed, or only its start shows how its lines end, or what the columns of its rows
 * are called. False if there is no object.
 *
 * @param rules the import rules of the file
 */
export async function isReadFromStart(
  file: SourceFile,
  rules: readonly Rule[] | undefined,
  files: SourceFiles,
): Promise<boolean> {
  const opened = await files.open(file, { start: 0, end: Math.max(LINE_END_SEARCH_BYTES, CSV_HEAD_BYTES) })
  if (opened.kind !== 'open') return false
  const head = await buffer(opened.body)
  const isComplete = opened.bytes <= CSV_HEAD_BYTES
  const { kind } = findCsv(head, isComplete, columnsOf(rules))
  return packingOf(head, file.key) !== undefined || endsLinesWithCr(head, true) === true || kind === 'csv' || kind === 'refused'
}
