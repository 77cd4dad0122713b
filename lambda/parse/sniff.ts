import { diagnoseBytes, diagnoseFile, diagnoseFirstLine, diagnoseList, diagnoseLongLine, type SniffedLine } from './diagnose.ts'
import { recognizeHalfRenamed, recognizeLayout, rejectLayout, type ForeignLayout } from './foreign.ts'
import type { JsonObject } from './layout.ts'
import type { Rejection, ReasonCode } from '../reasons.ts'

/** After this many lines without a JSON object, a file is not a JSON-lines file. */
const MAX_LINES = 1000
/** Or after this many bytes: the lines are held in memory until the decision. */
const MAX_BYTES = 4 * 1_048_576

/** A line that was meant as a JSON object is never rejected for one of these reasons. */
const NOT_AN_OBJECT: ReadonlySet<ReasonCode> = new Set(['invalid_json', 'not_an_object', 'invalid_encoding'])

/** A line of another product is rejected for one of these reasons, if for any. */
const HAS_OTHER_NAMES: ReadonlySet<ReasonCode> = new Set(['missing_identity', 'missing_timestamp'])

/** How much of a line that is too long the diagnosis needs. */
const START_BYTES = 1_024
/** How much of it shows whether it is many objects. The reader keeps as much of it. */
const LONG_START_BYTES = 200 * 1_024

const OPENING_BRACE = 0x7b

/** What the sniffer needs to know about a line. Every Entry has it. */
export interface Sniffable {
  readonly kind: 'blank' | 'rejected' | 'ready'
  readonly line: {
    readonly byteStart: number
    /** Exclusive. */
    readonly byteEnd: number
    readonly text: string
    readonly fault?: { readonly reason: 'line_too_long' | 'invalid_encoding' | 'invalid_row'; readonly bytes: Uint8Array }
  }
  readonly rejection?: Rejection
  /** Of a line that can be sent. */
  readonly parsed?: { readonly changedBy?: readonly string[] }
  readonly skippedBy?: readonly string[]
}

export type SniffResult =
  /** Not known yet. */
  { readonly kind: 'undecided' } | { readonly kind: 'admitted' } | { readonly kind: 'refused'; readonly rejection: Rejection }

const UNDECIDED: SniffResult = Object.freeze({ kind: 'undecided' })
const ADMITTED: SniffResult = Object.freeze({ kind: 'admitted' })

/**
 * Decides from its first lines whether a file is a JSON-lines file: one JSON object among them is enough, if it is not one of another
 * product.
 *
 * Any other file is refused as a whole, with one diagnosis, instead of with a million rejected lines. The decision depends on the lines
 * only, never on how their bytes arrived. Memory: the text of the first lines. Runs in a browser too.
 */
export class FormatSniffer {
  readonly #head: SniffedLine[] = []
  /** The layout of the first object, if it is that of another product. */
  #foreign: ForeignLayout | undefined
  /** Whether a line has some of our names: in a short file that may be an accident of this line. */
  #hasHalfRenamed = false
  #lines = 0
  #bytes = 0
  #result = UNDECIDED

  /** Looks at the next line. After a decision, it returns that decision. */
  sniff(line: Sniffable): SniffResult {
    if (this.#result !== UNDECIDED) return this.#result
    // An import rule recognises the line, so the file is what the rule is for.
    if (line.skippedBy !== undefined || line.parsed?.changedBy !== undefined) return this.#decide(ADMITTED)
    const fault = isObject(line) ? this.#diagnoseObject(line) : this.#diagnoseOther(line)
    if (fault === 'none') return this.#decide(ADMITTED)
    if (fault !== undefined) return this.#decide({ kind: 'refused', rejection: fault })
    this.#lines += 1
    this.#bytes += line.line.byteEnd - line.line.byteStart
    return this.#lines < MAX_LINES && this.#bytes < MAX_BYTES ? UNDECIDED : this.#diagnose(false)
  }

  /** The file has no more lines. Never undecided. */
  end(): SniffResult {
    return this.#result === UNDECIDED ? this.#diagnose(true) : this.#result
  }

  /** @returns why the file is refused, `none` if it is admitted, or undefined if more lines are needed */
  #diagnoseObject({ line: { text, fault }, rejection }: Sniffable): Rejection | 'none' | undefined {
    const [first] = this.#head
    if (first?.text !== undefined) {
      const list = diagnoseList(first.text)
      if (list !== undefined) return list
    }
    if (fault !== undefined) return diagnoseLongLine(textOf(fault.bytes.subarray(0, LONG_START_BYTES))) ?? 'none'
    // A line that sets properties may have its event under another name, but a line with an event has not.
    if (rejection !== undefined && !HAS_OTHER_NAMES.has(rejection.reason)) return 'none'
    const object = JSON.parse(text) as JsonObject
    const known = recognizeLayout(object)
    const half = known === undefined && rejection !== undefined ? recognizeHalfRenamed(object) : undefined
    const layout = known ?? half
    if (layout === undefined) return 'none'
    this.#foreign ??= layout
    this.#hasHalfRenamed ||= half !== undefined
    return undefined
  }

  #diagnoseOther(line: Sniffable): Rejection | undefined {
    if (line.kind === 'blank') return undefined
    const sniffed = sniffedLine(line)
    this.#head.push(sniffed)
    const isFirst = this.#head.length === 1 && this.#foreign === undefined
    return isFirst && sniffed.text !== undefined ? diagnoseFirstLine(sniffed.text) : undefined
  }

  #diagnose(isWhole: boolean): SniffResult {
    if (isWhole && this.#hasHalfRenamed) return this.#decide(ADMITTED)
    const rejection = this.#foreign === undefined ? diagnoseFile(this.#head, isWhole) : rejectLayout(this.#foreign)
    return this.#decide(rejection === undefined ? ADMITTED : { kind: 'refused', rejection })
  }

  #decide(result: SniffResult): SniffResult {
    this.#head.length = 0
    this.#result = result
    return result
  }
}

function isObject({ kind, line: { fault }, rejection }: Sniffable): boolean {
  if (kind === 'blank') return false
  // A line that is too long is not parsed: it counts as an object if it begins like one.
  if (fault?.reason === 'line_too_long') return fault.bytes[0] === OPENING_BRACE
  return rejection === undefined || !NOT_AN_OBJECT.has(rejection.reason)
}

function sniffedLine({ line: { text, fault } }: Sniffable): SniffedLine {
  if (fault === undefined) return { text }
  return { text: undefined, start: textOf(fault.bytes.subarray(0, START_BYTES)) }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** A step of the admission of a file. `refused` is the last step. */
export type Admission<E> =
  /** Lines that may be settled. The caller must read them before it asks for the next step. */
  | { readonly kind: 'admitted'; readonly entries: Iterable<E> }
  /** The file as a whole is not a JSON-lines file. No line of it was admitted. */
  | { readonly kind: 'refused'; readonly rejection: Rejection }

export interface AdmitOptions {
  /** The first bytes of the file, unpacked: some hundreds, or all there are. */
  readonly start: Uint8Array
  /** Whether the file is already known to be a JSON-lines file. */
  readonly isAdmitted?: boolean
  /** If it is a CSV file: its lines were made from its rows, so they are admitted. */
  readonly isCsv?: boolean
  /** Why the file is refused, if that is already known. */
  readonly refusal?: Rejection
}

/**
 * Buffers the first lines of a file until the format is known, then passes all lines on in order, or refuses the file.
 *
 * @param batches the lines of the file. If the caller leaves the loop early, they are closed.
 */
export async function* admit<E extends Sniffable>(
  batches: AsyncIterable<Iterable<E>>,
  { start, isAdmitted: wasAdmitted = false, isCsv = false, refusal }: AdmitOptions,
): AsyncGenerator<Admission<E>> {
  const isAdmitted = wasAdmitted || isCsv
  const unsupported = refusal ?? (isAdmitted ? undefined : diagnoseBytes(start))
  if (unsupported !== undefined) {
    yield { kind: 'refused', rejection: unsupported }
    return
  }
  const sniffer = new FormatSniffer()
  let result = isAdmitted ? ADMITTED : UNDECIDED
  let held: E[] = []
  for await (const batch of batches) {
    if (result.kind === 'admitted') {
      yield { kind: 'admitted', entries: batch }
      continue
    }
    for (const entry of batch) {
      held.push(entry)
      const next = sniffer.sniff(entry)
      if (next.kind === 'refused') {
        yield next
        return
      }
      result = next
    }
    if (result.kind === 'admitted') {
      yield { kind: 'admitted', entries: held }
      held = []
    }
  }
  if (result.kind === 'admitted') return
  const last = sniffer.end()
  yield last.kind === 'refused' ? last : { kind: 'admitted', entries: held }
}
