import { pipeline, type Readable } from 'node:stream'
import split2 from 'split2'
import { LineGuard, type LineFault } from './line-guard.ts'
import { asUnreadable, gunzip, isGzip } from './gunzip.ts'

export { VanishedFile } from './resume.ts'
export { isGzip, UnreadableFile } from './gunzip.ts'

/** One line of a drop. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Its bytes in the drop (of a compressed one: in what it unpacks to), end exclusive: without its `\n`, with its `\r`. */
  readonly byteStart: number
  readonly byteEnd: number
  /** Without `\r`; empty where there is a fault. */
  readonly text: string
  readonly fault?: LineFault
}

/** A drop whose lines can be taken. */
export interface Reading {
  /** Its first bytes, unpacked, BOM and all: for whoever has to say what it is if it is no text. */
  readonly start: Uint8Array
  /**
   * Lines in order, some hundreds at a time, and then what the body threw, or UnreadableFile: whatever was whole comes out before it.
   * Leaving it early closes the body.
   */
  readonly batches: AsyncIterable<readonly Line[]>
  /** Bytes taken from the body so far, before unpacking. */
  bytesRead(): number
}

const START_BYTES = 4096

export interface ReadOptions {
  readonly maxLineBytes: number
  /** Where in the drop the body begins: always the first byte of a line. Beyond the start of a drop nothing is unpacked. */
  readonly byteStart?: number
  readonly firstLine?: number
}

/**
 * Opens the body of a drop: unpacks it if it is gzip, and cuts it into lines, whatever its chunks are.
 *
 * A batch is what one block of bytes holds, so that there is one `await` for hundreds of lines. Memory is bounded by `maxLineBytes`.
 */
export async function openLines(body: Readable, { maxLineBytes, byteStart = 0, firstLine = 1 }: ReadOptions): Promise<Reading> {
  let bytesRead = 0
  const counted = count(body, (bytes) => {
    bytesRead += bytes
  })
  const raw = await peek(counted, 2)
  const plain = await peek(byteStart === 0 && isGzip(raw.head) ? gunzip(raw.all) : raw.all, START_BYTES)
  const batches = batchesOf(body, plain.all, new LineGuard(maxLineBytes, byteStart), firstLine)
  return { start: plain.head, batches, bytesRead: () => bytesRead }
}

async function* count(body: Readable, add: (bytes: number) => void): AsyncGenerator<Buffer> {
  // Only Buffers come out of a body: nobody here sets an encoding.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    add(chunk.length)
    yield chunk
  }
}

/** The first bytes, and everything with them: at least `bytes` of them, or all there are. What goes wrong comes out of `all`, in its place. */
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
  return { head: Buffer.concat(chunks).subarray(0, bytes), all: resume(chunks, iterator, failure) }
}

async function* resume(
  chunks: readonly Buffer[],
  iterator: AsyncIterator<Buffer>,
  failure: { readonly error: unknown } | undefined,
): AsyncGenerator<Buffer> {
  try {
    yield* chunks
    if (failure !== undefined) throw failure.error
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.() // whoever leaves early closes the body
  }
}

async function* batchesOf(
  body: Readable,
  bytes: AsyncIterable<Buffer>,
  guard: LineGuard,
  firstLine: number,
): AsyncGenerator<readonly Line[]> {
  let failure: { readonly error: unknown } | undefined
  // An error that went through the streams would throw away the lines that they hold: what is read of a broken drop would be chance.
  const untilFailure = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* bytes
    } catch (error) {
      failure = { error: asUnreadable(error) }
      guard.discardOpenLine()
    }
  }
  // One batch waits behind split2, and not sixteen as usual: lines cost much more memory than their bytes, and the garbage
  // collector lets three times as many pile up (a drop of 300 MB: 50 MB of RSS and not 175).
  const splitter = split2(batcher(guard, firstLine), { readableHighWaterMark: 1 })
  pipeline(untilFailure(), guard, splitter, () => undefined) // errors end the splitter, and come out of the loop below
  try {
    // The mapper gives nothing but batches.
    for await (const batch of splitter as AsyncIterable<readonly Line[]>) yield batch
  } finally {
    splitter.destroy()
    body.destroy() // the streams in between wait for its next chunk, which may never come
  }
  if (failure !== undefined) throw failure.error
}

/**
 * The mapper of split2: joins each text with what the guard knows of it, and gives the lines of a block at its last one; split2 passes
 * over the `undefined` in between. So one object for each block crosses the stream, and not one for each line.
 */
function batcher(guard: LineGuard, firstLine: number): (text: string) => readonly Line[] | undefined {
  let number = firstLine
  let byteStart = 0
  let batch: Line[] = []
  return (text) => {
    const facts = guard.facts[0]
    if (facts === undefined) throw new Error('split2 gave a line that the guard did not let through')
    const index = batch.length
    if (index === 0) byteStart = facts.start
    const byteEnd = facts.ends[index] ?? byteStart
    const fault = facts.faults.get(index)
    batch.push(fault === undefined ? { number, byteStart, byteEnd, text } : { number, byteStart, byteEnd, text, fault })
    number += 1
    byteStart = byteEnd + 1
    if (batch.length < facts.ends.length) return undefined
    guard.facts.shift()
    const whole = batch
    batch = []
    return whole
  }
}
