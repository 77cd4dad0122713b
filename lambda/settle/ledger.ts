import type { Command } from '../parse/command.ts'
import type { EpochSeconds } from '../parse/time.ts'
import type { Rejection, ReasonCode, WarningCode } from '../reasons.ts'

/** How a line ended; there is no fourth way. */
export type Settled = 'delivered' | 'rejected' | 'undeliverable' | 'blank'

export interface Example {
  readonly line: number
  readonly detail: string
}

/** What the ledger holds at one moment: plain data, so that a checkpoint can carry it. */
export interface LedgerSums {
  readonly lines: Readonly<Record<Settled, number>>
  readonly commands: Readonly<Record<Command['kind'], number>>
  readonly rejectedBy: Readonly<Partial<Record<ReasonCode, { readonly count: number; readonly examples: readonly Example[] }>>>
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
  readonly time: { readonly first: EpochSeconds; readonly last: EpochSeconds } | undefined
}

/** The sums before the first line has ended. */
export function emptySums(): LedgerSums {
  return new Ledger(1, 1).sums()
}

const MAX_EXAMPLES = 20

/**
 * The one place where lines end, and where it is known up to which line all of them have.
 *
 * Lines are opened in order and end in any order. `mark` is the number of the last line before which, itself included, every line has
 * ended; `span` is how far the newest line has run ahead of it. A bounded span bounds both memory and what a crash can repeat.
 */
export class Ledger {
  /** One byte for each line that could be open, as a ring: 1 where the line has ended. */
  readonly #ended: Uint8Array
  readonly #lines: Record<Settled, number> = { delivered: 0, rejected: 0, undeliverable: 0, blank: 0 }
  readonly #commands: Record<Command['kind'], number> = { record: 0, set: 0, alias: 0 }
  readonly #rejectedBy = new Map<ReasonCode, { count: number; examples: Example[] }>()
  readonly #warnings = new Map<WarningCode, number>()
  #first = Infinity
  #last = -Infinity
  #mark: number
  #newest: number

  /** @param firstLine number of the first line that will be opened */
  constructor(firstLine: number, maxSpan: number) {
    this.#ended = new Uint8Array(maxSpan)
    this.#mark = firstLine - 1
    this.#newest = firstLine - 1
  }

  get mark(): number {
    return this.#mark
  }

  get isSpanFull(): boolean {
    return this.#newest - this.#mark >= this.#ended.length
  }

  /** @throws RangeError where the span is full: the caller has to wait first */
  open(line: number): void {
    if (this.isSpanFull || line !== this.#newest + 1)
      throw new RangeError(`line ${line} cannot be opened after line ${this.#newest}`)
    this.#newest = line
  }

  blank(line: number): void {
    this.#end(line, 'blank')
  }

  delivered(line: number, commands: readonly Command[], time: EpochSeconds, warnings: readonly WarningCode[]): void {
    for (const command of commands) this.#commands[command.kind] += 1
    for (const warning of warnings) this.#warnings.set(warning, (this.#warnings.get(warning) ?? 0) + 1)
    if (time < this.#first) this.#first = time
    if (time > this.#last) this.#last = time
    this.#end(line, 'delivered')
  }

  /** To be called when the line's dead letter is acknowledged, not before. */
  deadLettered(line: number, how: 'rejected' | 'undeliverable', { reason, detail }: Rejection): void {
    const tally = this.#rejectedBy.get(reason) ?? { count: 0, examples: [] }
    tally.count += 1
    keepLowest(tally.examples, { line, detail })
    this.#rejectedBy.set(reason, tally)
    this.#end(line, how)
  }

  sums(): LedgerSums {
    return {
      lines: { ...this.#lines },
      commands: { ...this.#commands },
      rejectedBy: Object.fromEntries(
        [...this.#rejectedBy]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([reason, { count, examples }]) => [reason, { count, examples: [...examples] }]),
      ),
      warnings: Object.fromEntries(this.#warnings),
      time: this.#first <= this.#last ? { first: this.#first, last: this.#last } : undefined,
    }
  }

  #end(line: number, how: Settled): void {
    const slot = line % this.#ended.length
    if (line <= this.#mark || line > this.#newest || this.#ended[slot] === 1)
      throw new RangeError(`line ${line} ended twice or was never opened`)
    this.#ended[slot] = 1
    this.#lines[how] += 1
    for (
      let next = (this.#mark + 1) % this.#ended.length;
      this.#ended[next] === 1;
      next = (this.#mark + 1) % this.#ended.length
    ) {
      this.#ended[next] = 0
      this.#mark += 1
    }
  }
}

/** Lines end in any order, but the same drop must give the same examples: those with the lowest numbers, in order. */
function keepLowest(examples: Example[], example: Example): void {
  if (examples.length === MAX_EXAMPLES && example.line > (examples.at(-1)?.line ?? 0)) return
  const place = examples.findIndex(({ line }) => line > example.line)
  examples.splice(place === -1 ? examples.length : place, 0, example)
  if (examples.length > MAX_EXAMPLES) examples.pop()
}
