import { isUtf8 } from 'node:buffer'
import { Transform, type TransformCallback } from 'node:stream'

/** How much of a line that is too long or not UTF-8 is kept, for its dead letter. */
export const MAX_KEPT_BYTES = 200 * 1024

/** Why the bytes of a line cannot become text. */
export interface LineFault {
  readonly reason: 'line_too_long' | 'invalid_encoding' | 'invalid_row'
  /** The bytes of the line, at most MAX_KEPT_BYTES. */
  readonly bytes: Buffer
  /** What is wrong in particular; safe to show. */
  readonly specifics?: string
}

/** Positions and faults of the lines in one block, in order. Each line starts after the newline of the previous one. */
export interface BlockFacts {
  readonly start: number
  /** The end of each line, exclusive: the position of its newline. */
  readonly ends: readonly number[]
  readonly faults: ReadonlyMap<number, LineFault>
}

const LF = 0x0a
const NEWLINE = Buffer.from('\n')
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** A chunk of only newlines would make a block of 65,536 lines, and streams buffer several blocks. */
const MAX_BLOCK_LINES = 1000

/**
 * Protects split2: passes on only blocks of whole lines, each with its newline, none longer than the limit, all of them UTF-8. A line
 * that breaks these rules is passed on as an empty line, and its bytes go into `facts`.
 *
 * split2 alone searches its whole buffer again with each chunk, so a line of 50 MB takes 40 s. Its option `maxLength` also discards good
 * lines next to the long one. And it silently replaces bytes that are not UTF-8 by U+FFFD (docs/adr/0003-bytes-before-split2.md).
 *
 * Memory: one chunk and one line of at most `maxLineBytes` (or MAX_KEPT_BYTES, if that is more).
 */
export class LineGuard extends Transform {
  /** One entry per block, in order. The reader of the lines removes them. */
  readonly facts: BlockFacts[] = []
  readonly #maxLineBytes: number
  /** The kept bytes of the open line: the line whose newline has not arrived yet. */
  #carry: Buffer[] = []
  #carryBytes = 0
  /** Where the open line starts. */
  #start: number
  /** The position of the next byte. */
  #position: number
  #isAtStart: boolean
  #isCutOff = false

  /** @param byteStart position of the first byte in the file. Only at position 0 can there be a byte order mark. */
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

  /** Call this before the end if the body broke off: a line without a newline is then incomplete, and is discarded. */
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

  /** A byte order mark can arrive in pieces, so the first bytes wait until it is clear whether they are one. */
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

  /** @param openBytes length of the open line, including these bytes */
  #keep(bytes: Buffer, openBytes: number): void {
    const room = openBytes > this.#maxLineBytes ? Math.max(0, MAX_KEPT_BYTES - this.#carryBytes) : bytes.length
    if (room === 0 || bytes.length === 0) return
    // A copy, so that the open line does not keep the whole chunk in memory.
    const kept = Buffer.from(bytes.subarray(0, room))
    this.#carry.push(kept)
    this.#carryBytes += kept.length
  }

  /**
   * @param bytes whole lines; the first one is only the rest of the open line
   * @param ends positions of their newlines in the file
   */
  #passBlock(bytes: Buffer, ends: readonly number[]): void {
    const start = this.#start
    const faults = new Map<number, LineFault>()
    const firstLength = (ends[0] ?? start) - start
    if (firstLength > this.#maxLineBytes) {
      const newline = bytes.indexOf(LF)
      this.#keep(bytes.subarray(0, newline), firstLength)
      faults.set(0, { reason: 'line_too_long', bytes: Buffer.concat(this.#carry).subarray(0, MAX_KEPT_BYTES) })
      this.#carry = [bytes.subarray(newline)]
    } else {
      this.#carry.push(bytes)
    }
    const block = this.#carry.length === 1 ? (this.#carry[0] ?? bytes) : Buffer.concat(this.#carry)
    this.#carry = []
    this.#carryBytes = 0
    this.#start = (ends.at(-1) ?? start) + 1
    this.facts.push({ start, ends, faults })
    // Only a block that is longer than the limit can contain a line that is too long.
    const isClean = block.length <= this.#maxLineBytes && isUtf8(block)
    this.push(isClean ? block : this.#withoutFaults(block, faults))
  }

  /** Replaces the faulty lines of the block by empty ones, and adds their bytes to `faults`. */
  #withoutFaults(block: Buffer, faults: Map<number, LineFault>): Buffer {
    const kept: Buffer[] = []
    for (let index = 0, start = 0; start < block.length; index += 1) {
      const end = block.indexOf(LF, start)
      const line = block.subarray(start, end)
      const reason = line.length > this.#maxLineBytes ? 'line_too_long' : isUtf8(line) ? undefined : 'invalid_encoding'
      if (reason === undefined) kept.push(block.subarray(start, end + 1))
      else {
        faults.set(index, { reason, bytes: Buffer.from(line.subarray(0, MAX_KEPT_BYTES)) })
        kept.push(NEWLINE)
      }
      start = end + 1
    }
    return Buffer.concat(kept)
  }
}
