import type { Command } from '../parse/command.ts'
import type { EpochSeconds } from '../parse/time.ts'
import type { Rejection, ReasonCode, WarningCode } from '../reasons.ts'

/** How a line ended; there is no fourth way. */
export type Settled = 'delivered' | 'rejected' | 'undeliverable' | 'blank'

export interface Example {
  readonly line: number
  readonly detail: string
}

/** What became of the lines up to one of them: plain data, so that a checkpoint can carry it. */
export interface Counts {
  readonly lines: Readonly<Record<Settled, number>>
  readonly commands: Readonly<Record<Command['kind'], number>>
  readonly rejectedBy: Readonly<Partial<Record<ReasonCode, { readonly count: number; readonly examples: readonly Example[] }>>>
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
  /** The span of `_t` of the delivered lines; not there where none was. */
  readonly time?: { readonly first: EpochSeconds; readonly last: EpochSeconds }
}

/** A line that was delivered, as parsing knows it. */
export interface DeliveredLine {
  readonly commands: readonly Command[]
  readonly time: EpochSeconds
  readonly warnings: readonly WarningCode[]
}

const MAX_EXAMPLES = 20

/** Counts lines as they end. */
export class Counter {
  readonly #lines: Record<Settled, number> = { delivered: 0, rejected: 0, undeliverable: 0, blank: 0 }
  readonly #commands: Record<Command['kind'], number> = { record: 0, set: 0, alias: 0 }
  readonly #rejectedBy = new Map<ReasonCode, { count: number; examples: Example[] }>()
  readonly #warnings = new Map<WarningCode, number>()
  #first = Infinity
  #last = -Infinity

  blank(): void {
    this.#lines.blank += 1
  }

  delivered({ commands, time, warnings }: DeliveredLine): void {
    this.#lines.delivered += 1
    for (const command of commands) this.#commands[command.kind] += 1
    for (const warning of warnings) this.#warn(warning, 1)
    this.#spanTime(time, time)
  }

  deadLettered(line: number, how: 'rejected' | 'undeliverable', { reason, detail }: Rejection): void {
    this.#lines[how] += 1
    this.#reject(reason, 1, [{ line, detail }])
  }

  /** Adds what was counted elsewhere: before this run, or in another segment. */
  add({ lines, commands, rejectedBy, warnings, time }: Counts): void {
    for (const [how, count] of Object.entries(lines) as [Settled, number][]) this.#lines[how] += count
    for (const [kind, count] of Object.entries(commands) as [Command['kind'], number][]) this.#commands[kind] += count
    for (const [reason, { count, examples }] of Object.entries(rejectedBy) as [
      ReasonCode,
      NonNullable<Counts['rejectedBy'][ReasonCode]>,
    ][])
      this.#reject(reason, count, examples)
    for (const [warning, count] of Object.entries(warnings) as [WarningCode, number][]) this.#warn(warning, count)
    if (time !== undefined) this.#spanTime(time.first, time.last)
  }

  counts(): Counts {
    return {
      lines: { ...this.#lines },
      commands: { ...this.#commands },
      rejectedBy: Object.fromEntries(
        [...this.#rejectedBy]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([reason, { count, examples }]) => [reason, { count, examples: [...examples] }]),
      ),
      warnings: Object.fromEntries([...this.#warnings].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      ...(this.#first <= this.#last && { time: { first: this.#first, last: this.#last } }),
    }
  }

  #reject(reason: ReasonCode, count: number, examples: readonly Example[]): void {
    const kept = this.#rejectedBy.get(reason) ?? { count: 0, examples: [] }
    kept.count += count
    for (const example of examples) keepLowest(kept.examples, example)
    this.#rejectedBy.set(reason, kept)
  }

  #warn(warning: WarningCode, count: number): void {
    this.#warnings.set(warning, (this.#warnings.get(warning) ?? 0) + count)
  }

  #spanTime(first: EpochSeconds, last: EpochSeconds): void {
    if (first < this.#first) this.#first = first
    if (last > this.#last) this.#last = last
  }
}

export function emptyCounts(): Counts {
  return new Counter().counts()
}

/** What several parts of a drop come to. */
export function sumCounts(parts: readonly Counts[]): Counts {
  const counter = new Counter()
  for (const part of parts) counter.add(part)
  return counter.counts()
}

/** Lines that ended, in whichever way. */
export function settledLines({ lines }: Counts): number {
  return lines.delivered + lines.rejected + lines.undeliverable + lines.blank
}

/** Segments end in any order, but the same drop must give the same examples: those with the lowest numbers, in order. */
function keepLowest(examples: Example[], example: Example): void {
  if (examples.length === MAX_EXAMPLES && example.line > (examples.at(-1)?.line ?? 0)) return
  const key = examples.findIndex(({ line }) => line > example.line)
  examples.splice(key === -1 ? examples.length : key, 0, example)
  if (examples.length > MAX_EXAMPLES) examples.pop()
}
