import type { Rejection } from '../reasons.ts'
import type { LineRange, LineRanges } from '../common/line-ranges.ts'
import { Counter, type Counts, type DeliveredLine } from './counts.ts'
import type { GroupExample } from './dead-letter.ts'
import { LineGrouping, type LineGroups } from './line-groups.ts'
import { UndeliveredLines } from './undelivered-lines.ts'

/** A position between two lines of a file: all lines before it have ended. */
export interface Watermark {
  /** Number of the last line before it; 0 at the start of a file. */
  readonly line: number
  /** Byte at which the next line begins. */
  readonly byte: number
}

/** Which lines have ended. */
export interface Progress {
  readonly watermark: Watermark
  /** Lines beyond the watermark that have ended, in order: they overtook a line that has not. */
  readonly ended: readonly LineRange[]
  /** Counts of all lines that have ended. */
  readonly counts: Counts
  /** Lines that became dead letters, as `UndeliveredLines` records them. Absent if there are none. */
  readonly undelivered?: LineRanges
  /** Rejected lines that share a dead letter, which is sent when the import ends. They are in the counts. Absent if there are none. */
  readonly groups?: LineGroups
}

/** What a ledger begins with: the progress of the earlier runs. */
export type LedgerStart = Pick<Progress, 'watermark'> &
  Partial<Progress> & {
    /** The replay that uploaded the file, if it was one. */
    readonly replay?: string
  }

/**
 * Records which lines have ended, and how. The settlement opens and ends lines here; the checkpointer saves the result.
 *
 * Lines are opened in order and end in any order. Only the lines that have not ended are stored, so one slow line holds back no other, and
 * memory does not depend on how far the others have got. A run can continue from a checkpoint: it passes the lines that have ended to
 * `open` again, and each is counted once.
 *
 * @see RFC 2018, "TCP Selective Acknowledgment Options"
 */
export class Ledger {
  readonly #counter = new Counter()
  readonly #undelivered: UndeliveredLines
  readonly #grouping: LineGrouping
  readonly #maxOpen: number
  /** The lines that have not ended, in order, and where each begins. */
  readonly #open = new Map<number, number>()
  /** Lines that ended in earlier runs, and were not opened again yet. */
  readonly #earlier: LineRange[]
  #newest: number
  #nextByte: number
  #ended = 0
  #repeats = 0

  /** @param maxOpen lines that may be open at a time */
  constructor({ watermark, ended = [], counts, undelivered = [], groups = {}, replay }: LedgerStart, maxOpen: number) {
    this.#undelivered = new UndeliveredLines(undelivered, replay !== undefined)
    this.#grouping = new LineGrouping(groups)
    this.#newest = watermark.line
    this.#nextByte = watermark.byte
    this.#earlier = [...ended]
    this.#maxOpen = maxOpen
    if (counts !== undefined) this.#counter.add(counts)
  }

  /** Number of the newest line that was opened. */
  get newest(): number {
    return this.#newest
  }

  /** How often a request was sent again that the endpoint may have accepted before. */
  get repeats(): number {
    return this.#repeats
  }

  /** Lines that ended in this run. */
  get endedLines(): number {
    return this.#ended
  }

  /** Lines that are open. */
  get openLines(): number {
    return this.#open.size
  }

  /** Whether another line may be opened. */
  get hasRoom(): boolean {
    return this.#open.size < this.#maxOpen
  }

  get watermark(): Watermark {
    for (const [line, byte] of this.#open) return { line: line - 1, byte }
    return { line: this.#newest, byte: this.#nextByte }
  }

  /**
   * @param nextByte where the line after it begins
   * @returns false if the line ended in an earlier run: then there is nothing to do
   * @throws RangeError if there is no room, or if the line is not the next one
   */
  open(line: number, nextByte: number): boolean {
    if (!this.hasRoom || line !== this.#newest + 1)
      throw new RangeError(`line ${line} cannot be opened after line ${this.#newest}`)
    const hasEnded = this.#hasEnded(line)
    if (!hasEnded) this.#open.set(line, this.#nextByte)
    this.#newest = line
    this.#nextByte = nextByte
    return !hasEnded
  }

  repeated(): void {
    this.#repeats += 1
  }

  /** @param skippedBy the import rules that skip it */
  blank(line: number, skippedBy?: readonly string[]): void {
    this.#end(line)
    this.#counter.blank(skippedBy)
  }

  delivered(line: number, delivered: DeliveredLine): void {
    this.#end(line)
    this.#counter.delivered(delivered)
  }

  /** Must not be called before SQS has acknowledged the dead letter of the line. */
  deadLettered(line: number, result: 'rejected' | 'undeliverable', rejection: Rejection): void {
    this.#end(line)
    this.#counter.deadLettered(line, result, rejection)
    this.#undelivered.add(line, result)
  }

  /** The line has no dead letter of its own: its place is in the progress. @param exampleOf called if it is one of the first */
  grouped(line: number, rejection: Rejection, exampleOf: () => GroupExample): void {
    this.#end(line)
    this.#counter.deadLettered(line, 'rejected', rejection)
    this.#grouping.add(rejection.reason, line, exampleOf)
  }

  /** Everything that the next run needs to continue. */
  progress(): Progress {
    const { watermark } = this
    const ended: LineRange[] = []
    let first = watermark.line + 1
    for (const line of this.#open.keys()) {
      if (line > first) ended.push([first, line - 1])
      first = line + 1
    }
    if (first <= this.#newest) ended.push([first, this.#newest])
    const undelivered = this.#undelivered.ranges()
    const groups = this.#grouping.groups()
    return {
      watermark,
      ended: [...ended, ...this.#earlier],
      counts: this.#counter.counts(),
      ...(undelivered.length > 0 && { undelivered }),
      ...(Object.keys(groups).length > 0 && { groups }),
    }
  }

  #hasEnded(line: number): boolean {
    const [range] = this.#earlier
    if (range === undefined || line < range[0]) return false
    this.#earlier.shift()
    if (line < range[1]) this.#earlier.unshift([line + 1, range[1]])
    return true
  }

  #end(line: number): void {
    if (!this.#open.delete(line)) throw new RangeError(`line ${line} ended twice or was never opened`)
    this.#ended += 1
  }
}
