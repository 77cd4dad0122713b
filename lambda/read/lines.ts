import { pipeline, type Readable } from 'node:stream'
import split2 from 'split2'
import { withLineFeeds } from './cr-lines.ts'
import { LineGuard, type LineFault } from './line-guard.ts'
import { toUnreadableFile, gunzip, isGzip } from './gunzip.ts'

export { VanishedFile } from './resume.ts'
export { isGzip, UnreadableFile } from './gunzip.ts'

/** One line of a file. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Position of its bytes in the file (in the decompressed content of a gzip file). The end is exclusive: without `\n`, with `\r`. */
  readonly byteStart: number
  readonly byteEnd: number
  /** Without `\r`. Empty if there is a fault. */
  readonly text: string
  readonly fault?: LineFault
}

/** A file whose lines can be read. */
export interface LineReader {
  /** Its first bytes, decompressed, with byte order mark: enough to recognise files that are not text. */
  readonly start: Uint8Array
  /**
   * The lines in order, some hundreds at a time. If the body fails, all complete lines come out first; then the iteration throws the
   * error of the body, or UnreadableFile. Leaving the loop early closes the body.
   */
  readonly batches: AsyncIterable<readonly Line[]>
  /** Bytes read from the body so far, before decompression. */
  bytesRead(): number
}

const START_BYTES = 4096

export interface ReadOptions {
  readonly maxLineBytes: number
  /** Position of the body in the file: always the first byte of a line. A body that starts later than 0 is never decompressed. */
  readonly byteStart?: number
  readonly firstLine?: number
  /** Whether the body is one line, so that a CR in it does not end a line. */
  readonly isLine?: boolean
}

/**
 * Cuts the body of a file into lines, however it is chunked. Decompresses it first if it is gzip. Lines end with LF or CR LF; or with CR
 * alone, if the first one does.
 *
 * A batch is the lines of one block of bytes, so there is one `await` for hundreds of lines. Memory is bounded by `maxLineBytes`.
 *
 * A body that breaks off is not handled here: resume.ts reads on from the byte that was reached.
 */
export async function openLines(
  body: Readable,
  { maxLineBytes, byteStart = 0, firstLine = 1, isLine = false }: ReadOptions,
): Promise<LineReader> {
  let bytesRead = 0
  const counted = count(body, (bytes) => {
    bytesRead += bytes
  })
  const raw = await peek(counted, 2)
  const isFile = byteStart === 0 && !isLine
  const unpacked = byteStart === 0 && isGzip(raw.head) ? gunzip(raw.all) : raw.all
  const plain = await peek(isFile ? withLineFeeds(unpacked) : unpacked, START_BYTES)
  const batches = batchesOf(body, plain.all, new LineGuard(maxLineBytes, byteStart), firstLine)
  return { start: plain.head, batches, bytesRead: () => bytesRead }
}

async function* count(body: Readable, add: (bytes: number) => void): AsyncGenerator<Buffer> {
  // A body without an encoding yields only Buffers.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    add(chunk.length)
    yield chunk
  }
}

/** Reads the first bytes (at least `bytes`, or all there are). `all` yields everything, first bytes and errors included, in order. */
async function peek(source: AsyncIterable<Buffer>, bytes: number): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]()
  const chunks: Buffer[] = []
  let failure: { readonly error: unknown } | undefined
  try {
    for (let length = 0; length < bytes;) {
      const next = await iterator.next()
      if (next.done === true) break
      chunks.push(next.value)
      length += next.value.length
    }
  } catch (error) {
    failure = { error }
  }
  return { head: Buffer.concat(chunks).subarray(0, bytes), all: chunksThenRest(chunks, iterator, failure) }
}

async function* chunksThenRest(
  chunks: readonly Buffer[],
  iterator: AsyncIterator<Buffer>,
  failure: { readonly error: unknown } | undefined,
): AsyncGenerator<Buffer> {
  try {
    yield* chunks
    if (failure !== undefined) throw failure.error
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.() // closes the body if the caller stops early
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
      failure = { error: toUnreadableFile(error) }
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
