import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { ColumnMapping } from '../../lambda/csv/columns.ts'
import { CSV_HEAD_BYTES, findCsv } from '../../lambda/csv/layout.ts'
import { packingOf } from '../../lambda/read/lines.ts'
import type { UploadedFile } from './uploaded-file.ts'

/** The part of a file that has to be uploaded. */
export type UnsentPart =
  | { readonly kind: 'nothing' }
  /** The file is new, or its beginning has changed: `end` is where its whole lines end. */
  | { readonly kind: 'whole'; readonly start: 0; readonly end: number }
  /** Lines were appended. */
  | { readonly kind: 'appended'; readonly start: number; readonly end: number }

export interface NamedFile {
  readonly name: string
  /** Needed for a file whose name does not say that it is a table. */
  readonly columns?: ColumnMapping | undefined
}

/**
 * Compares a file with what was uploaded of it.
 *
 * A last line without line end may still be being written. It waits until the file is finished, unless it is a whole JSON object.
 * So does an empty file.
 *
 * @param file its name, and what its columns mean if import rules say it
 * @param read reads bytes of the file
 * @param size of the file
 * @param isFinished whether the file has not changed for so long that its last line counts as it is
 */
export async function findUnsentPart(
  file: NamedFile,
  read: ReadRange,
  size: number,
  uploaded: UploadedFile | undefined,
  isFinished: boolean,
): Promise<UnsentPart> {
  const isPacked = cannotBeContinued(file, await read(0, Math.min(CSV_HEAD_BYTES, size)), size)
  const endOf = (start: number): Promise<number> | number => (isFinished || isPacked ? size : endOfWholeLines(read, start, size))
  if (uploaded === undefined || uploaded.end === 0 || !(await beginsWith(read, size, uploaded))) {
    const end = await endOf(0)
    // A program may have created the file, and not written to it yet.
    return end === 0 && (size > 0 || !isFinished) ? { kind: 'nothing' } : { kind: 'whole', start: 0, end }
  }
  if (size === uploaded.end) return { kind: 'nothing' }
  if (isPacked) return { kind: 'whole', start: 0, end: size }
  const start = await startOfAppended(read, uploaded.end)
  const end = await endOf(start)
  return end <= uploaded.end ? { kind: 'nothing' } : { kind: 'appended', start, end }
}

/**
 * Whether a part of the file means nothing without its start: it is compressed, or CSV, whose first row names the columns. Import rules can
 * give a meaning to columns that only they know, so the name of such a file decides.
 */
function cannotBeContinued({ name, columns }: NamedFile, head: Buffer, size: number): boolean {
  const { kind } = findCsv(head, size <= CSV_HEAD_BYTES, columns)
  const isTable = /\.csv$/i.test(name) && !/^\s*\{/.test(head.toString())
  return packingOf(head, name) !== undefined || isTable || kind === 'csv' || kind === 'refused'
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

async function beginsWith(read: ReadRange, size: number, { pieces, end }: UploadedFile): Promise<boolean> {
  if (size < end) return false
  for (const piece of pieces) if ((await md5Of(read, piece.start, piece.end)) !== piece.md5) return false
  return true
}

/** If the last line that was uploaded had no line end and was continued, the whole line is uploaded. */
async function startOfAppended(read: ReadRange, uploadedEnd: number): Promise<number> {
  const [before, after] = await read(uploadedEnd - 1, uploadedEnd + 1)
  const isAtLineEnd = before === LINE_FEED || after === LINE_FEED || after === CARRIAGE_RETURN
  return isAtLineEnd ? uploadedEnd : afterLastLineFeed(read, 0, uploadedEnd)
}

async function endOfWholeLines(read: ReadRange, start: number, size: number): Promise<number> {
  const lineStart = await afterLastLineFeed(read, start, size)
  const isLong = size - lineStart > MAX_LINE_BYTES
  return !isLong && isJsonObject((await read(lineStart, size)).toString()) ? size : lineStart
}

/** The maximum of KM_MAX_LINE_BYTES. */
export const MAX_LINE_BYTES = 1_048_576
const CHUNK_BYTES = 65_536

async function afterLastLineFeed(read: ReadRange, start: number, end: number): Promise<number> {
  for (let to = end; to > start;) {
    const from = Math.max(start, to - CHUNK_BYTES)
    const at = (await read(from, to)).lastIndexOf(LINE_FEED)
    if (at !== -1) return from + at + 1
    to = from
  }
  return start
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

async function md5Of(read: ReadRange, start: number, end: number): Promise<string> {
  const hash = createHash('md5')
  for (let from = start; from < end; from += CHUNK_BYTES * 16)
    hash.update(await read(from, Math.min(end, from + CHUNK_BYTES * 16)))
  return hash.digest('hex')
}

/** The bytes from `start` to `end`; fewer if the file is shorter. */
export type ReadRange = (start: number, end: number) => Promise<Buffer>

/** Reads a file. A small one is read once. @param size of the file */
export async function rangesOf(handle: FileHandle, size: number): Promise<ReadRange> {
  const read: ReadRange = async (start, end) => {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(end - start), 0, end - start, start)
    return buffer.subarray(0, bytesRead)
  }
  if (size > SMALL_BYTES) return read
  const bytes = await read(0, size)
  return (start, end) => Promise.resolve(bytes.subarray(start, end))
}

const SMALL_BYTES = 65_536
