import { buffer } from 'node:stream/consumers'
import type { SourceFile } from '../intake/source-file.ts'
import type { Task } from '../intake/task.ts'
import type { Absence, OpenFile, Ports, SourceFiles } from '../ports.ts'
import { isGzip } from '../read/lines.ts'
import type { Watermark } from '../settle/ledger.ts'

/** A segment that is open for reading, from a line that may be before the watermark. */
export interface OpenSegment {
  readonly kind: 'open'
  readonly opened: OpenFile
  /** Position of the first line that the body contains. */
  readonly start: Watermark
}

/** Opens the part of a file that is still to be imported. */
export async function openSegment(
  { file, segment }: Task,
  watermark: Watermark,
  { files }: Ports,
): Promise<OpenSegment | { readonly kind: Absence }> {
  const start = segment === undefined ? await findStart(file, watermark, files) : watermark
  const opened = await files.open(file, { start: start.byte, ...(segment !== undefined && { end: segment.byteEnd }) })
  return opened.kind === 'open' ? { kind: 'open', opened, start } : opened
}

/** A compressed file can only be read from its start, even if its first lines are settled. */
async function findStart(file: SourceFile, watermark: Watermark, files: SourceFiles): Promise<Watermark> {
  if (watermark.byte === 0) return watermark
  return (await isCompressed(file, files)) ? { line: 0, byte: 0 } : watermark
}

/** Whether the first bytes of an object are those of gzip. False if there is no object. */
export async function isCompressed(file: SourceFile, files: SourceFiles): Promise<boolean> {
  const opened = await files.open(file, { start: 0, end: 2 })
  return opened.kind === 'open' && isGzip(await buffer(opened.body))
}
