import { judgeLine, type Rule, type Verdict } from './verdict.ts'

/** What the checker itself counts in a drop: what the report has to say. */
export interface OwnCounts {
  readonly lines: Record<'total' | 'delivered' | 'rejected' | 'undeliverable' | 'blank', number>
  readonly commands: Record<'record' | 'set' | 'alias', number>
  readonly rejectedBy: Record<string, number>
  readonly time: { first: number; last: number }
}

/** A line makes at most two requests. */
const REQUESTS = 2
const NEWLINE = 0x0a

/** The lines of one drop, cut and judged by the checker, and what became of each. Lines count from 1. */
export class OwnLines {
  readonly key: string
  readonly counts: OwnCounts = {
    lines: { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
    commands: { record: 0, set: 0, alias: 0 },
    rejectedBy: {},
    time: { first: Infinity, last: -Infinity },
  }
  readonly #bytes: Buffer
  readonly #rule: Rule
  /** Where each line begins; and where one after the last would. */
  readonly #starts: readonly number[]
  /** For each line and each of its requests. */
  readonly #taken: Uint16Array
  readonly #ambiguous: Uint16Array
  /** The first form in which a request came, as a number that stands for it. */
  readonly #prints: Float64Array
  readonly #deadLetters: Uint16Array

  /** @param onPerson told who is in which line */
  constructor(key: string, bytes: Buffer, rule: Rule, onPerson: (person: string, line: number, lines: OwnLines) => void) {
    this.key = key
    this.#bytes = bytes
    this.#rule = rule
    this.#starts = startsOf(bytes)
    this.counts.lines.total = this.#starts.length - 1
    const size = (this.count + 1) * REQUESTS
    this.#taken = new Uint16Array(size)
    this.#ambiguous = new Uint16Array(size)
    this.#prints = new Float64Array(size)
    this.#deadLetters = new Uint16Array(this.count + 1)
    for (let line = 1; line <= this.count; line += 1) this.#add(line, this.verdict(line), onPerson)
  }

  get count(): number {
    return this.counts.lines.total
  }

  /** Its bytes in the drop, end exclusive: without its newline. */
  range(line: number): { readonly start: number; readonly end: number } {
    const start = this.#starts[line - 1] ?? NaN
    const next = this.#starts[line] ?? NaN
    return { start, end: this.#bytes[next - 1] === NEWLINE ? next - 1 : next }
  }

  bytes(line: number): Buffer {
    const { start, end } = this.range(line)
    return this.#bytes.subarray(start, end)
  }

  verdict(line: number): Verdict {
    return judgeLine(this.bytes(line), this.#rule)
  }

  /** @param print stands for how the request is written @returns whether it is written as it was before */
  take(line: number, request: number, print: number, isAmbiguous: boolean): boolean {
    const slot = line * REQUESTS + request
    const isSame = this.#taken[slot] === 0 || this.#prints[slot] === print
    if (this.#taken[slot] === 0) this.#prints[slot] = print
    this.#taken[slot]! += 1
    if (isAmbiguous) this.#ambiguous[slot]! += 1
    return isSame
  }

  taken(line: number, request: number): number {
    return this.#taken[line * REQUESTS + request] ?? 0
  }

  handBack(line: number): void {
    this.#deadLetters[line]! += 1
  }

  deadLetters(line: number): number {
    return this.#deadLetters[line] ?? 0
  }

  /** How often more than once the line was dealt with, other than because the sink left it open whether it had taken it. */
  repeats(line: number): number {
    let most = this.deadLetters(line)
    for (let slot = line * REQUESTS; slot < (line + 1) * REQUESTS; slot += 1)
      most = Math.max(most, (this.#taken[slot] ?? 0) - (this.#ambiguous[slot] ?? 0))
    return Math.max(0, most - 1)
  }

  #add(line: number, verdict: Verdict, onPerson: (person: string, line: number, lines: OwnLines) => void): void {
    const { lines, commands, rejectedBy, time } = this.counts
    lines[verdict.end] += 1
    switch (verdict.end) {
      case 'blank':
        return
      case 'rejected':
        rejectedBy[verdict.reason] = (rejectedBy[verdict.reason] ?? 0) + 1
        return
      case 'undeliverable':
        rejectedBy.endpoint_refused = (rejectedBy.endpoint_refused ?? 0) + 1
        onPerson(verdict.person, line, this)
        return
      case 'delivered':
        for (const { command } of verdict.requests) commands[command] += 1
        time.first = Math.min(time.first, verdict.time)
        time.last = Math.max(time.last, verdict.time)
        onPerson(verdict.person, line, this)
    }
  }
}

/** A drop of no bytes has no lines, and one that ends with a newline none after it. */
function startsOf(bytes: Buffer): readonly number[] {
  const starts = [0]
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) starts.push(at + 1)
  if (starts.at(-1) !== bytes.length) starts.push(bytes.length)
  return starts
}
