import type { Rejection } from '../reasons.ts'
import { Counter, type Counts, type DeliveredLine } from './counts.ts'

/** A position between two lines of a file: all lines before it have ended. */
export interface Watermark {
  /** Number of the last line before it; 0 at the start of a file. */
  readonly line: number
  /** Byte at which the next line begins. */
  readonly byte: number
}

/** How a line ended, stored until all lines before it have ended too. */
type LineOutcome =
  | { readonly kind: 'blank' }
  | { readonly kind: 'delivered'; readonly line: DeliveredLine }
  | { readonly kind: 'dead-lettered'; readonly result: 'rejected' | 'undeliverable'; readonly rejection: Rejection }

const BLANK: LineOutcome = Object.freeze({ kind: 'blank' })

/**
 * Records how lines end, and up to which line all of them have ended. The settlement opens and ends lines here; the checkpointer saves the
 * result.
 *
 * Lines are opened in order and end in any order. Every line before the watermark has ended, and `counts` covers exactly those lines:
 * therefore a run can continue from a checkpoint, and no line is missing or counted twice. The span from the watermark to the newest line is
 * bounded, which bounds both memory and what a crash can repeat.
 */
export class Ledger {
  readonly #counter = new Counter()
  /** A ring of the lines after the watermark: how each ended, or undefined, and where the next line begins. */
  readonly #outcomes: (LineOutcome | undefined)[]
  readonly #nextBytes: Float64Array
  #watermark: number
  #byte: number
  #newest: number
  #repeats = 0

  /** @param watermark where the first line to be opened begins @param counts of the lines before it */
  constructor(watermark: Watermark, maxSpan: number, counts?: Counts) {
    this.#outcomes = new Array<LineOutcome | undefined>(maxSpan).fill(undefined)
    this.#nextBytes = new Float64Array(maxSpan)
    this.#watermark = watermark.line
    this.#newest = watermark.line
    this.#byte = watermark.byte
    if (counts !== undefined) this.#counter.add(counts)
  }

  get watermark(): Watermark {
    return { line: this.#watermark, byte: this.#byte }
  }

  /** Number of the newest line that was opened. */
  get newest(): number {
    return this.#newest
  }

  /** How often a line was sent again although it had been delivered. */
  get repeats(): number {
    return this.#repeats
  }

  /** Whether another line may be opened. */
  get hasRoom(): boolean {
    return this.#newest - this.#watermark < this.#outcomes.length
  }

  /** @param nextByte where the line after it begins @throws RangeError if there is no room, or if the line is not the next one */
  open(line: number, nextByte: number): void {
    if (!this.hasRoom || line !== this.#newest + 1)
      throw new RangeError(`line ${line} cannot be opened after line ${this.#newest}`)
    this.#newest = line
    this.#nextBytes[line % this.#outcomes.length] = nextByte
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

  /** Must not be called before SQS has acknowledged the dead letter of the line. */
  deadLettered(line: number, result: 'rejected' | 'undeliverable', rejection: Rejection): void {
    this.#end(line, { kind: 'dead-lettered', result, rejection })
  }

  /** Counts of the lines before the watermark. */
  counts(): Counts {
    return this.#counter.counts()
  }

  #end(line: number, outcome: LineOutcome): void {
    const slot = line % this.#outcomes.length
    if (line <= this.#watermark || line > this.#newest || this.#outcomes[slot] !== undefined)
      throw new RangeError(`line ${line} ended twice or was never opened`)
    this.#outcomes[slot] = outcome
    if (line === this.#watermark + 1) this.#advance()
  }

  #advance(): void {
    for (;;) {
      const slot = (this.#watermark + 1) % this.#outcomes.length
      const outcome = this.#outcomes[slot]
      if (outcome === undefined) return
      this.#outcomes[slot] = undefined
      this.#watermark += 1
      this.#byte = this.#nextBytes[slot] ?? this.#byte
      this.#count(this.#watermark, outcome)
    }
  }

  #count(line: number, outcome: LineOutcome): void {
    switch (outcome.kind) {
      case 'blank':
        this.#counter.blank()
        break
      case 'delivered':
        this.#counter.delivered(outcome.line)
        break
      case 'dead-lettered':
        this.#counter.deadLettered(line, outcome.result, outcome.rejection)
    }
  }
}
