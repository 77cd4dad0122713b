import type { Rejection } from '../reasons.ts'
import { Counter, type DeliveredLine, type Counts } from './counts.ts'

/** A place between two lines of a drop: all before it has ended. */
export interface Watermark {
  /** Number of the last line before it; 0 at the start of a drop. */
  readonly line: number
  /** Where the line after it begins. */
  readonly byte: number
}

/** How a line ended, kept until all before it have. */
type Ending =
  | { readonly kind: 'blank' }
  | { readonly kind: 'delivered'; readonly line: DeliveredLine }
  | { readonly kind: 'dead-lettered'; readonly how: 'rejected' | 'undeliverable'; readonly rejection: Rejection }

const BLANK: Ending = Object.freeze({ kind: 'blank' })

/**
 * The one place where lines end, and where it is known up to which line all of them have.
 *
 * Lines are opened in order and end in any order. `mark` is the place before which every line has ended, `sums` what became of exactly
 * those lines: only so can a checkpoint be taken up again without a line missing or counted twice. `span` is how far the newest line has
 * run ahead; a bounded span bounds both memory and what a crash can repeat.
 */
export class Ledger {
  readonly #counter = new Counter()
  /** For each line that is open or ended ahead of the mark, as a ring: how it ended, and where the next one begins. */
  readonly #endings: (Ending | undefined)[]
  readonly #nextBytes: Float64Array
  #watermark: number
  #byte: number
  #newest: number
  #repeats = 0

  /** @param mark where the first line that will be opened begins @param sums what became of the lines before it */
  constructor(watermark: Watermark, maxSpan: number, counts?: Counts) {
    this.#endings = new Array<Ending | undefined>(maxSpan).fill(undefined)
    this.#nextBytes = new Float64Array(maxSpan)
    this.#watermark = watermark.line
    this.#newest = watermark.line
    this.#byte = watermark.byte
    if (counts !== undefined) this.#counter.add(counts)
  }

  get watermark(): Watermark {
    return { line: this.#watermark, byte: this.#byte }
  }

  /** Number of the last line before the mark. */
  get settled(): number {
    return this.#watermark
  }

  /** Number of the newest line that was opened. */
  get newest(): number {
    return this.#newest
  }

  /** Lines that were sent once more though they had been delivered. */
  get repeats(): number {
    return this.#repeats
  }

  get isSpanFull(): boolean {
    return this.#newest - this.#watermark >= this.#endings.length
  }

  /** @param nextByte where the line after it begins @throws RangeError where the span is full: the caller has to wait first */
  open(line: number, nextByte: number): void {
    if (this.isSpanFull || line !== this.#newest + 1)
      throw new RangeError(`line ${line} cannot be opened after line ${this.#newest}`)
    this.#newest = line
    this.#nextBytes[line % this.#endings.length] = nextByte
  }

  repeated(): void {
    this.#repeats += 1
  }

  blank(line: number): void {
    this.#end(line, BLANK)
  }

  delivered(line: number, delivered: DeliveredLine): void {
    this.#end(line, { kind: 'delivered', line: delivered })
  }

  /** To be called when the line's dead letter is acknowledged, not before. */
  deadLettered(line: number, how: 'rejected' | 'undeliverable', rejection: Rejection): void {
    this.#end(line, { kind: 'dead-lettered', how, rejection })
  }

  /** What became of the lines up to the mark. */
  counts(): Counts {
    return this.#counter.counts()
  }

  #end(line: number, ending: Ending): void {
    const slot = line % this.#endings.length
    if (line <= this.#watermark || line > this.#newest || this.#endings[slot] !== undefined)
      throw new RangeError(`line ${line} ended twice or was never opened`)
    this.#endings[slot] = ending
    if (line === this.#watermark + 1) this.#advance()
  }

  #advance(): void {
    for (;;) {
      const slot = (this.#watermark + 1) % this.#endings.length
      const ending = this.#endings[slot]
      if (ending === undefined) return
      this.#endings[slot] = undefined
      this.#watermark += 1
      this.#byte = this.#nextBytes[slot] ?? this.#byte
      this.#count(this.#watermark, ending)
    }
  }

  #count(line: number, ending: Ending): void {
    switch (ending.kind) {
      case 'blank':
        this.#counter.blank()
        break
      case 'delivered':
        this.#counter.delivered(ending.line)
        break
      case 'dead-lettered':
        this.#counter.deadLettered(line, ending.how, ending.rejection)
    }
  }
}
