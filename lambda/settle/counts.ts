import type { Command } from '../parse/command.ts'
import type { EpochSeconds } from '../parse/time.ts'
import type { Rejection, ReasonCode, WarningCode } from '../reasons.ts'

/** How a line can end. */
export type LineResult = 'delivered' | 'rejected' | 'undeliverable' | 'blank'

export interface Example {
  readonly line: number
  readonly detail: string
}

/** How the lines of a file, or of a part of it, ended. Plain data, because checkpoints and reports store it. */
export interface Counts {
  readonly lines: Readonly<Record<LineResult, number>>
  readonly commands: Readonly<Record<Command['kind'], number>>
  readonly rejectedBy: Readonly<Partial<Record<ReasonCode, { readonly count: number; readonly examples: readonly Example[] }>>>
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
  /** Lines that import rules have changed before they were delivered, or have skipped: a skipped line counts as blank. */
  readonly changedBy?: Readonly<Record<string, number>>
  /** First and last `_t` of the delivered lines. Absent if no line was delivered. */
  readonly time?: { readonly first: EpochSeconds; readonly last: EpochSeconds }
}

/** The parts of a delivered line that are counted. */
export interface DeliveredLine {
  readonly commands: readonly Command[]
  readonly warnings: readonly WarningCode[]
  readonly changedBy?: readonly string[]
}

/** Examples that are kept for each reason. */
const MAX_EXAMPLES = 20

const NONE: readonly string[] = Object.freeze([])

/** Counts lines as they end. The ledger has one for a run; reports add up those of several segments. */
export class Counter {
  readonly #lines: Record<LineResult, number> = { delivered: 0, rejected: 0, undeliverable: 0, blank: 0 }
  readonly #commands: Record<Command['kind'], number> = { record: 0, set: 0, alias: 0 }
  readonly #rejectedBy = new Map<ReasonCode, { count: number; examples: Example[] }>()
  readonly #warnings = new Map<WarningCode, number>()
  readonly #changedBy = new Map<string, number>()
  #first = Infinity
  #last = -Infinity

  blank(skippedBy: readonly string[] = NONE): void {
    this.#lines.blank += 1
    for (const rule of skippedBy) this.#changed(rule, 1)
  }

  delivered({ commands, warnings, changedBy = NONE }: DeliveredLine): void {
    this.#lines.delivered += 1
    for (const command of commands) {
      this.#commands[command.kind] += 1
      this.#includeTime(command.time, command.time)
    }
    for (const warning of warnings) this.#warn(warning, 1)
    for (const rule of changedBy) this.#changed(rule, 1)
  }

  deadLettered(line: number, result: 'rejected' | 'undeliverable', { reason, detail }: Rejection): void {
    this.#lines[result] += 1
    this.#reject(reason, 1, [{ line, detail }])
  }

  /** Adds the counts of an earlier run, or of another segment. */
  add({ lines, commands, rejectedBy, warnings, changedBy = {}, time }: Counts): void {
    for (const [result, count] of Object.entries(lines) as [LineResult, number][]) this.#lines[result] += count
    for (const [kind, count] of Object.entries(commands) as [Command['kind'], number][]) this.#commands[kind] += count
    for (const [reason, { count, examples }] of Object.entries(rejectedBy) as [
      ReasonCode,
      NonNullable<Counts['rejectedBy'][ReasonCode]>,
    ][])
      this.#reject(reason, count, examples)
    for (const [warning, count] of Object.entries(warnings) as [WarningCode, number][]) this.#warn(warning, count)
    for (const [rule, count] of Object.entries(changedBy)) this.#changed(rule, count)
    if (time !== undefined) this.#includeTime(time.first, time.last)
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
      ...(this.#changedBy.size > 0 && {
        changedBy: Object.fromEntries([...this.#changedBy].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      }),
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

  #changed(rule: string, count: number): void {
    this.#changedBy.set(rule, (this.#changedBy.get(rule) ?? 0) + count)
  }

  #includeTime(first: EpochSeconds, last: EpochSeconds): void {
    if (first < this.#first) this.#first = first
    if (last > this.#last) this.#last = last
  }
}

export function emptyCounts(): Counts {
  return new Counter().counts()
}

/** The counts of several segments, added up. */
export function sumCounts(parts: readonly Counts[]): Counts {
  const counter = new Counter()
  for (const part of parts) counter.add(part)
  return counter.counts()
}

/** How many lines have ended. */
export function settledLines({ lines }: Counts): number {
  return lines.delivered + lines.rejected + lines.undeliverable + lines.blank
}

/** Keeps the examples with the lowest line numbers, in order. Segments end in any order, but the same file must give the same report. */
function keepLowest(examples: Example[], example: Example): void {
  if (examples.length === MAX_EXAMPLES && example.line > (examples.at(-1)?.line ?? 0)) return
  const index = examples.findIndex(({ line }) => line > example.line)
  examples.splice(index === -1 ? examples.length : index, 0, example)
  if (examples.length > MAX_EXAMPLES) examples.pop()
}
