import { diagnoseFile, type SniffedLine } from './diagnose.ts'
import type { Rejection, ReasonCode } from '../reasons.ts'
import type { Entry } from './entry.ts'

/** So many lines without one JSON object, and it is no JSON-lines file. */
const MAX_LINES = 1000
/** Or so many bytes: what is held back here is held in memory. */
const MAX_BYTES = 4 * 1_048_576

/** Reasons that a line which was meant as a JSON object does not get. */
const NO_OBJECT: ReadonlySet<ReasonCode> = new Set(['invalid_json', 'not_an_object', 'invalid_encoding'])

export type SniffResult =
  | { readonly kind: 'admitted'; readonly entries: Iterable<Entry> }
  | { readonly kind: 'held' }
  | { readonly kind: 'refused'; readonly rejection: Rejection }

/**
 * Holds the first lines back until one of them is a JSON object, so that a drop which is no JSON-lines file at all comes back as one
 * dead letter with a diagnosis, and not as a million of them.
 */
export class FormatSniffer {
  #held: Entry[] = []
  #bytes = 0
  #isOpen: boolean

  /** @param isOpen whether an object was seen before, in an earlier run */
  constructor(isOpen: boolean) {
    this.#isOpen = isOpen
  }

  /** The next lines, in order. Once one of them is an object, they are handed on as they are, and not looked at. */
  admit(entries: Iterable<Entry>): SniffResult {
    if (this.#isOpen) return { kind: 'admitted', entries }
    for (const entry of entries) {
      this.#held.push(entry)
      this.#bytes += entry.line.byteEnd - entry.line.byteStart
      this.#isOpen ||= isObject(entry)
    }
    if (this.#isOpen) return this.#release()
    return this.#held.length >= MAX_LINES || this.#bytes >= MAX_BYTES ? this.#judge(false) : { kind: 'held' }
  }

  /** The drop has ended. */
  end(): SniffResult {
    return this.#isOpen ? { kind: 'admitted', entries: [] } : this.#judge(true)
  }

  #judge(isWhole: boolean): SniffResult {
    const rejection = diagnoseFile(this.#held.filter(({ kind }) => kind !== 'blank').map(toSniffedLine), isWhole)
    if (rejection !== undefined) return { kind: 'refused', rejection }
    this.#isOpen = true
    return this.#release()
  }

  #release(): SniffResult {
    const entries = this.#held
    this.#held = []
    return { kind: 'admitted', entries }
  }
}

function isObject(entry: Entry): boolean {
  if (entry.kind === 'blank') return false
  if (entry.kind === 'ready' || !NO_OBJECT.has(entry.rejection.reason)) {
    // A line that is too long to be parsed is taken for an object where it begins like one.
    return entry.line.fault?.reason !== 'line_too_long' || entry.line.fault.bytes[0] === 0x7b
  }
  return false
}

/** So much of a line that was too long tells what it was meant to be. */
const START_BYTES = 1_024

function toSniffedLine({ line: { text, fault } }: Entry): SniffedLine {
  return fault === undefined ? { text } : { text: undefined, start: fault.bytes.toString('latin1', 0, START_BYTES) }
}
