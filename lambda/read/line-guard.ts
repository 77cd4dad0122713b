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

/** Most lines of a block: a chunk of nothing but newlines would make 65,536 of them, and streams buffer several blocks. */
const MAX_BLOCK_LINES = 1000

/**
 * Stands before split2 and lets through only what is safe for it: blocks of whole lines, each ended by a newline, none longer than the
 * limit, all of them UTF-8. A line that is not so goes on as an empty one, and its bytes go beside it.
 *
 * split2 searches its whole buffer again at each chunk, so that a line of 50 MB takes it 40 s; its own `maxLength` throws good lines
 * away with the long one; and it turns bytes that are no UTF-8 into U+FFFD without a word (docs/adr/0003-bytes-before-split2.md).
 *
 * Memory: one chunk and one line of at most `maxLineBytes` (or KEPT_BYTES, where that is more).
 */
export class LineGuard extends Transform {
  /** One for each block that was passed on, in order; whoever reads the lines takes them away. */
  readonly facts: BlockFacts[] = []
  readonly #maxLineBytes: number
  /** What is kept of the open line, the one whose newline has not come yet. */
  #carry: Buffer[] = []
  #carryBytes = 0
  /** Where the open line begins. */
  #start: number
  /** Where the next byte stands. */
  #position: number
  #isAtStart: boolean
  #isCutOff = false

  /** @param byteStart where in the drop the first byte stands: a byte order mark can only be at the start of it */
  constructor(maxLineBytes: number, byteStart = 0) {
    super()
    this.#maxLineBytes = maxLineBytes
    this.#start = this.#position = byteStart
    this.#isAtStart = byteStart === 0
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#take(this.#isAtStart ? this.#withoutBom(chunk) : chunk)
    done()
  }

  /** To be called before the end: what has no newline by then is cut off, and no line. */
  discardOpenLine(): void {
    this.#isCutOff = true
  }

  override _flush(done: TransformCallback): void {
    if (!this.#isCutOff) this.#endOpenLine()
    done()
  }

  #endOpenLine(): void {
    if (this.#isAtStart) this.#take(this.#startWith(Buffer.concat(this.#carry)))
    if (this.#position > this.#start) this.#take(NEWLINE)
  }

  /** A byte order mark can come in pieces, so the first bytes wait until it is clear whether they are one. */
  #withoutBom(chunk: Buffer): Buffer {
    const head = Buffer.concat([...this.#carry, chunk])
    if (head.equals(BOM.subarray(0, head.length))) {
      this.#carry = [head]
      return head.subarray(head.length)
    }
    return this.#startWith(head)
  }

  #startWith(head: Buffer): Buffer {
    this.#isAtStart = false
    this.#carry = []
    if (!head.subarray(0, BOM.length).equals(BOM)) return head
    this.#start = this.#position = BOM.length
    return head.subarray(BOM.length)
  }

  #take(bytes: Buffer): void {
    const origin = this.#position
    let from = 0
    let ends: number[] = []
    for (let newline = bytes.indexOf(LF); newline !== -1;) {
      ends.push(origin + newline)
      const next = bytes.indexOf(LF, newline + 1)
      if (next === -1 || ends.length === MAX_BLOCK_LINES) {
        this.#passBlock(bytes.subarray(from, newline + 1), ends)
        from = newline + 1
        ends = []
      }
      newline = next
    }
    this.#position = origin + bytes.length
    this.#keep(bytes.subarray(from), this.#position - this.#start)
  }

  /** @param openBytes how long the open line is with these bytes at its end */
  #keep(bytes: Buffer, openBytes: number): void {
    const room = openBytes > this.#maxLineBytes ? Math.max(0, KEPT_BYTES - this.#carryBytes) : bytes.length
    if (room === 0 || bytes.length === 0) return
    // A copy: the rest of a chunk must not hold the whole chunk in memory for as long as its line is open.
    const kept = Buffer.from(bytes.subarray(0, room))
    this.#carry.push(kept)
    this.#carryBytes += kept.length
  }

  /**
   * @param bytes whole lines, but that the first is only the rest of the open one
   * @param ends where in the drop their newlines are
   */
  #passBlock(bytes: Buffer, ends: readonly number[]): void {
    const start = this.#start
    const faults = new Map<number, LineFault>()
    const firstLength = (ends[0] ?? start) - start
    if (firstLength > this.#maxLineBytes) {
      const newline = bytes.indexOf(LF)
      this.#keep(bytes.subarray(0, newline), firstLength)
      faults.set(0, { reason: 'line_too_long', bytes: Buffer.concat(this.#carry).subarray(0, KEPT_BYTES) })
      this.#carry = [bytes.subarray(newline)]
    } else {
      this.#carry.push(bytes)
    }
    const block = this.#carry.length === 1 ? (this.#carry[0] ?? bytes) : Buffer.concat(this.#carry)
    this.#carry = []
    this.#carryBytes = 0
    this.#start = (ends.at(-1) ?? start) + 1
    this.facts.push({ start, ends, faults })
    // Only a block that is longer than the limit can hold a line that is.
    const isClean = block.length <= this.#maxLineBytes && isUtf8(block)
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
