import { expectedOutcome, type Rule, type ExpectedOutcome } from './expected-outcome.ts'

/** What the checker counts in a file. The report must agree. */
export interface ExpectedCounts {
  readonly lines: Record<'total' | 'delivered' | 'rejected' | 'undeliverable' | 'blank', number>
  readonly commands: Record<'record' | 'set' | 'alias', number>
  readonly rejectedBy: Record<string, number>
  readonly time: { first: number; last: number }
}

/** A line needs at most two requests. */
const MAX_REQUESTS = 2
const NEWLINE = 0x0a

/** The lines of one file with their expected outcomes, and what happened to each. Line numbers start at 1. */
export class ExpectedLines {
  readonly key: string
  readonly counts: ExpectedCounts = {
    lines: { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
    commands: { record: 0, set: 0, alias: 0 },
    rejectedBy: {},
    time: { first: Infinity, last: -Infinity },
  }
  readonly #bytes: Buffer
  readonly #rule: Rule
  /** Where each line starts, and where the line after the last one would start. */
  readonly #starts: readonly number[]
  /** Per line and request. */
  readonly #accepted: Uint16Array
  readonly #ambiguous: Uint16Array
  /** Fingerprint of the first attempt of a request. */
  readonly #fingerprints: Float64Array
  readonly #deadLetters: Uint16Array

  /** @param onPerson called with the identity and number of each line that has requests */
  constructor(key: string, bytes: Buffer, rule: Rule, onPerson: (person: string, line: number, lines: ExpectedLines) => void) {
    this.key = key
    this.#bytes = bytes
    this.#rule = rule
    this.#starts = startsOf(bytes)
    this.counts.lines.total = this.#starts.length - 1
    const size = (this.count + 1) * MAX_REQUESTS
    this.#accepted = new Uint16Array(size)
    this.#ambiguous = new Uint16Array(size)
    this.#fingerprints = new Float64Array(size)
    this.#deadLetters = new Uint16Array(this.count + 1)
    for (let line = 1; line <= this.count; line += 1) this.#add(line, this.outcome(line), onPerson)
  }

  get count(): number {
    return this.counts.lines.total
  }

  /** Its byte range in the file without the newline; the end is exclusive. */
  range(line: number): { readonly start: number; readonly end: number } {
    const start = this.#starts[line - 1] ?? NaN
    const next = this.#starts[line] ?? NaN
    return { start, end: this.#bytes[next - 1] === NEWLINE ? next - 1 : next }
  }

  bytes(line: number): Buffer {
    const { start, end } = this.range(line)
    return this.#bytes.subarray(start, end)
  }

  outcome(line: number): ExpectedOutcome {
    return expectedOutcome(this.bytes(line), this.#rule)
  }

  /** @returns whether the fingerprint is that of earlier attempts */
  accept(line: number, request: number, fingerprint: number, isAmbiguous: boolean): boolean {
    const slot = line * MAX_REQUESTS + request
    const isSame = this.#accepted[slot] === 0 || this.#fingerprints[slot] === fingerprint
    if (this.#accepted[slot] === 0) this.#fingerprints[slot] = fingerprint
    this.#accepted[slot]! += 1
    if (isAmbiguous) this.#ambiguous[slot]! += 1
    return isSame
  }

  accepted(line: number, request: number): number {
    return this.#accepted[line * MAX_REQUESTS + request] ?? 0
  }

  addDeadLetter(line: number): void {
    this.#deadLetters[line]! += 1
  }

  deadLetters(line: number): number {
    return this.#deadLetters[line] ?? 0
  }

  /** How often the line was repeated. Requests whose answer was lost do not count, because the importer must repeat them. */
  repeats(line: number): number {
    let max = this.deadLetters(line)
    for (let slot = line * MAX_REQUESTS; slot < (line + 1) * MAX_REQUESTS; slot += 1)
      max = Math.max(max, (this.#accepted[slot] ?? 0) - (this.#ambiguous[slot] ?? 0))
    return Math.max(0, max - 1)
  }

  #add(line: number, outcome: ExpectedOutcome, onPerson: (person: string, line: number, lines: ExpectedLines) => void): void {
    const { lines, commands, rejectedBy, time } = this.counts
    lines[outcome.end] += 1
    switch (outcome.end) {
      case 'blank':
        return
      case 'rejected':
        rejectedBy[outcome.reason] = (rejectedBy[outcome.reason] ?? 0) + 1
        return
      case 'undeliverable':
        rejectedBy.endpoint_refused = (rejectedBy.endpoint_refused ?? 0) + 1
        onPerson(outcome.person, line, this)
        return
      case 'delivered':
        for (const { command } of outcome.requests) commands[command] += 1
        time.first = Math.min(time.first, outcome.time)
        time.last = Math.max(time.last, outcome.time)
        onPerson(outcome.person, line, this)
    }
  }
}

/** An empty file has no lines, and a newline at the end of a file starts no line. */
function startsOf(bytes: Buffer): readonly number[] {
  const starts = [0]
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) starts.push(at + 1)
  if (starts.at(-1) !== bytes.length) starts.push(bytes.length)
  return starts
}
