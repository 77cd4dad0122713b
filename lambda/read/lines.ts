import { pipeline, type Readable } from 'node:stream'
import split2 from 'split2'
import type { ColumnMapping } from '../csv/columns.ts'
import type { EpochSeconds } from '../parse/time.ts'
import { reject, type Rejection } from '../reasons.ts'
import { withLineFeeds } from './cr-lines.ts'
import { csvBatches, findCsvIn } from './csv-lines.ts'
import { peek } from './peek.ts'
import type { Line } from './line.ts'
import { LineGuard } from './line-guard.ts'
import { openUnpacked, type UnpackOptions } from './open-unpacked.ts'

export type { Line } from './line.ts'
export { VanishedFile } from './resume.ts'
export { UnreadableFile, UnsupportedPacking } from './unreadable.ts'
export { packingOf } from './unpack/packing-of.ts'
export { CSV_HEAD_BYTES, findCsv } from '../csv/layout.ts'

/** A file whose lines can be read. */
export interface LineReader {
  /** Its first bytes, decompressed, with byte order mark: enough to recognise files that are not text. */
  readonly start: Uint8Array
  /** If it is a CSV file: its lines were made from its rows. */
  readonly isCsv?: true
  /** Why it is rejected, if that is known before its first line: the first row of a CSV file has a fault, or an archive has several files. */
  readonly refusal?: Rejection
  /**
   * The lines in order, some hundreds at a time. If the body fails, all complete lines come out first; then the iteration throws the
   * error of the body, or UnreadableFile. Leaving the loop early closes the body.
   */
  readonly batches: AsyncIterable<readonly Line[]>
  /** Bytes read from the body so far, before decompression. */
  bytesRead(): number
}

const START_BYTES = 4096

export interface ReadOptions extends UnpackOptions {
  readonly maxLineBytes: number
  /** Position of the body in the file: always the first byte of a line. A body that starts later than 0 is never decompressed. */
  readonly byteStart?: number
  readonly firstLine?: number
  /** Whether the body is one line, so that a CR in it does not end a line. */
  readonly isLine?: boolean
  /** When the file was written. A CSV row that is only an alias needs no time of its own. */
  readonly fileTime?: EpochSeconds
  /** Lines up to this one are settled: of a CSV file, they are only counted. */
  readonly settledLines?: number
  /** What the columns of a CSV file mean, if they are not those of Kissmetrics. */
  readonly columns?: ColumnMapping
  /** Called with everything that is read of the body. */
  readonly onBytes?: ((chunk: Buffer) => void) | undefined
}

/**
 * Cuts the body of a file into lines, however it is chunked. Decompresses it first if it is compressed. Lines end with LF or CR LF; or with CR
 * alone, if the first one does. Of a CSV file, the lines are those that its rows mean.
 *
 * A batch is the lines of one block of bytes, so there is one `await` for hundreds of lines. Memory is bounded by `maxLineBytes`.
 *
 * A body that breaks off is not handled here: resume.ts reads on from the byte that was reached.
 */
export async function openLines(body: Readable, options: ReadOptions): Promise<LineReader> {
  const { maxLineBytes, byteStart = 0, firstLine = 1, isLine = false, fileTime, columns, settledLines = 0 } = options
  let bytes = 0
  const counted = count(body, (chunk) => {
    bytes += chunk.length
    options.onBytes?.(chunk)
  })
  const bytesRead = () => bytes
  const unpacked = byteStart === 0 ? await openUnpacked(counted, options) : { all: counted, fault: undefined }
  if (unpacked.fault !== undefined) {
    const refusal = reject('unsupported_format', unpacked.fault)
    return { start: NO_BYTES, refusal, batches: NO_BATCHES, bytesRead }
  }
  const isFile = byteStart === 0 && !isLine
  const { head, all: content } = await peek(
    isFile ? withLineFeeds(unpacked.all) : unpacked.all,
    ({ length }) => length >= START_BYTES,
  )
  const start = head.subarray(0, START_BYTES)
  const { found, all } = isFile ? await findCsvIn(content, columns) : { found: undefined, all: content }
  switch (found?.kind) {
    case 'refused':
      return { start, isCsv: true, refusal: found.rejection, batches: NO_BATCHES, bytesRead }
    case 'csv': {
      const rowOptions = { maxLineBytes, settledRows: settledLines, ...(fileTime !== undefined && { fileTime }) }
      return { start, isCsv: true, batches: csvBatches(body, all, found.layout, rowOptions), bytesRead }
    }
    case undefined:
      return { start, batches: batchesOf(body, all, new LineGuard(maxLineBytes, byteStart), firstLine), bytesRead }
  }
}

const NO_BYTES = new Uint8Array()

const NO_BATCHES: AsyncIterable<readonly Line[]> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}

async function* count(body: Readable, add: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  // A body without an encoding yields only Buffers.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    add(chunk)
    yield chunk
  }
}

async function* batchesOf(
  body: Readable,
  bytes: AsyncIterable<Buffer>,
  guard: LineGuard,
  firstLine: number,
): AsyncGenerator<readonly Line[]> {
  let failure: { readonly error: unknown } | undefined
  // An error in the pipeline would discard the lines that its streams still hold, and how many is random. So the body just ends here.
  const untilFailure = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* bytes
    } catch (error) {
      failure = { error }
      guard.discardOpenLine()
    }
  }
  // One batch waits behind split2 instead of the default 16: lines need much more memory than their bytes, and the garbage collector
  // lets three times as many pile up (for a file of 300 MB: 50 MB of RSS instead of 175 MB).
  const splitter = split2(batcher(guard, firstLine), { readableHighWaterMark: 1 })
  pipeline(untilFailure(), guard, splitter, () => undefined) // an error ends the splitter, and the loop below throws it
  try {
    // The mapper returns only batches.
    for await (const batch of splitter as AsyncIterable<readonly Line[]>) yield batch
  } finally {
    splitter.destroy()
    body.destroy() // the streams in between wait for its next chunk, which may never arrive
  }
  if (failure !== undefined) throw failure.error
}

/**
 * The mapper of split2: joins each text with its position and fault from the guard, and returns all lines of a block with the last one.
 * split2 skips the `undefined` in between, so one object per block crosses the stream instead of one per line.
 */
function batcher(guard: LineGuard, firstLine: number): (text: string) => readonly Line[] | undefined {
  let number = firstLine
  let byteStart = 0
  let batch: Line[] = []
  return (text) => {
    const facts = guard.facts[0]
    if (facts === undefined) throw new Error('split2 returned a line that the guard did not pass on')
    const index = batch.length
    if (index === 0) byteStart = facts.start
    const byteEnd = facts.ends[index] ?? byteStart
    const fault = facts.faults.get(index)
    batch.push(fault === undefined ? { number, byteStart, byteEnd, text } : { number, byteStart, byteEnd, text, fault })
    number += 1
    byteStart = byteEnd + 1
    if (batch.length < facts.ends.length) return undefined
    guard.facts.shift()
    const complete = batch
    batch = []
    return complete
  }
}
