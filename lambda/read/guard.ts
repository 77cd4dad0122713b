import { isUtf8 } from 'node:buffer'
import { Transform, type TransformCallback } from 'node:stream'

/** Most of an over-long or undecodable line that is kept, for its dead letter. */
export const KEPT_BYTES = 200 * 1024

/** What is wrong with a line before it is even text. */
export interface LineFault {
  readonly reason: 'line_too_long' | 'invalid_encoding'
  /** The line's bytes, at most KEPT_BYTES of them. */
  readonly bytes: Buffer
}

/** What the guard knows of the lines of one block, in order; a line begins after the newline of the one before it. */
export interface BlockFacts {
  readonly start: number
  /** End of each line, exclusive: where its newline is. */
  readonly ends: readonly number[]
  readonly faults: ReadonlyMap<number, LineFault>
}

const LF = 0x0a
const NEWLINE = Buffer.from('\n')
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Stands before split2 and lets through only what is safe for it: blocks of whole lines, each ended by a newline, none longer than the
 * limit, all of them UTF-8. A line that is not so goes on as an empty one, and its bytes go beside it.
 *
 * split2 searches its whole buffer again at each chunk, so that a line of 50 MB takes it 40 s; its own `maxLength` throws good lines
 * away with the long one; and it turns bytes that are no UTF-8 into U+FFFD without a word (docs/adr/0003-bytes-before-split2.md).
 *
 * Memory: one chunk and one line of at most `maxLineBytes`.
 */
export class LineGuard extends Transform {
  /** One for each block that was passed on, in order; whoever reads the lines takes them away. */
  readonly facts: BlockFacts[] = []
  readonly #maxLineBytes: number
  /** The beginning of a line whose newline has not come yet. */
  #carry: Buffer[] = []
  #carryBytes = 0
  /** Of that line, also what was not kept. */
  #openBytes = 0
  /** Where the open line begins. */
  #start = 0
  #isAtStart = true

  constructor(maxLineBytes: number) {
    super()
    this.#maxLineBytes = maxLineBytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const bytes = this.#isAtStart ? this.#withoutBom(chunk) : chunk
    const lastNewline = bytes.lastIndexOf(LF)
    if (lastNewline === -1) {
      this.#keep(bytes)
    } else {
      this.#passBlock(bytes.subarray(0, lastNewline + 1))
      this.#keep(bytes.subarray(lastNewline + 1))
    }
    done()
  }

  override _flush(done: TransformCallback): void {
    if (this.#isAtStart) {
      this.#isAtStart = false
      this.#carryBytes = this.#openBytes = this.#carry.reduce((sum, { length }) => sum + length, 0)
    }
    if (this.#openBytes > 0) this.#passBlock(NEWLINE)
    done()
  }

  /** A byte order mark can come in pieces, so the first bytes wait until there are three. */
  #withoutBom(chunk: Buffer): Buffer {
    const head = Buffer.concat([...this.#carry, chunk])
    if (head.length < BOM.length && head.equals(BOM.subarray(0, head.length))) {
      this.#carry = [head]
      return Buffer.alloc(0)
    }
    this.#isAtStart = false
    this.#carry = []
    if (!head.subarray(0, BOM.length).equals(BOM)) return head
    this.#start = BOM.length
    return head.subarray(BOM.length)
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#openBytes += bytes.length
    const isTooLong = this.#openBytes > this.#maxLineBytes
    const room = isTooLong ? Math.max(0, KEPT_BYTES - this.#carryBytes) : bytes.length
    if (room === 0) return
    // A copy: the rest of a chunk must not hold the whole chunk in memory for as long as its line is open.
    const kept = Buffer.from(bytes.subarray(0, room))
    this.#carry.push(kept)
    this.#carryBytes += kept.length
  }

  /** @param bytes ends with a newline; its first line is the rest of the open one */
  #passBlock(bytes: Buffer): void {
    const ends: number[] = []
    const faults = new Map<number, LineFault>()
    const blockStart = this.#start
    const firstNewline = bytes.indexOf(LF)
    const firstLength = this.#openBytes + firstNewline
    let pieces: Buffer[]
    if (firstLength > this.#maxLineBytes) {
      this.#keep(bytes.subarray(0, firstNewline))
      faults.set(0, { reason: 'line_too_long', bytes: Buffer.concat(this.#carry).subarray(0, KEPT_BYTES) })
      pieces = [bytes.subarray(firstNewline)]
    } else {
      pieces = [...this.#carry, bytes]
    }
    this.#carry = []
    this.#carryBytes = this.#openBytes = 0
    const block = pieces.length === 1 ? (pieces[0] ?? NEWLINE) : Buffer.concat(pieces)

    ends.push(blockStart + firstLength)
    const firstEnd = block.indexOf(LF)
    let hasLongLine = false
    for (let start = firstEnd + 1, end = block.indexOf(LF, start); end !== -1; start = end + 1, end = block.indexOf(LF, start)) {
      ends.push(blockStart + firstLength + (end - firstEnd))
      hasLongLine ||= end - start > this.#maxLineBytes
    }
    this.#start = (ends.at(-1) ?? blockStart) + 1
    const isClean = !hasLongLine && isUtf8(block)
    this.facts.push({ start: blockStart, ends, faults })
    this.push(isClean ? block : this.#withoutFaults(block, faults))
  }

  /** The block with its faulty lines emptied, and their bytes among the faults. */
  #withoutFaults(block: Buffer, faults: Map<number, LineFault>): Buffer {
    const kept: Buffer[] = []
    for (let index = 0, start = 0; start < block.length; index += 1) {
      const end = block.indexOf(LF, start)
      const line = block.subarray(start, end)
      const reason = line.length > this.#maxLineBytes ? 'line_too_long' : isUtf8(line) ? undefined : 'invalid_encoding'
      if (reason === undefined) kept.push(block.subarray(start, end + 1))
      else {
        faults.set(index, { reason, bytes: Buffer.from(line.subarray(0, KEPT_BYTES)) })
        kept.push(NEWLINE)
      }
      start = end + 1
    }
    return Buffer.concat(kept)
  }
}
