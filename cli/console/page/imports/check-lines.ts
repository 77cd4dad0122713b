import { diagnoseBytes, diagnoseFile, type SniffedLine } from '../../../../lambda/parse/diagnose.ts'
import type { LineRules } from '../../../../lambda/parse/line.ts'
import type { Rejection, ReasonCode } from '../../../../lambda/reasons.ts'
import { classifyLine } from '../../../preview/digest/classify-line.ts'
import { concatenated } from './bytes.ts'

/** The importer's default for `KM_MAX_LINE_BYTES`: a longer line is rejected. */
const MAX_LINE_BYTES = 262_144
/** As in the importer: after this many lines without a JSON object, the file is not JSON lines. */
const MAX_SNIFFED_LINES = 1000
/** Bytes of a too long line that the diagnosis needs. */
const START_BYTES = 1024
/** Reasons that a line which was meant as a JSON object does not get. */
const NO_OBJECT: ReadonlySet<ReasonCode> = new Set(['invalid_json', 'not_an_object', 'invalid_encoding'])

const LF = 0x0a
const CR = 0x0d
const BRACE = 0x7b
const BOM = [0xef, 0xbb, 0xbf]

/** What an import would do with the lines that were checked. */
export interface LineCounts {
  readonly lines: number
  readonly blank: number
  readonly ready: number
  /** The most frequent first. */
  readonly rejectedBy: readonly { readonly reason: ReasonCode; readonly count: number }[]
  /** The file would be rejected, and no line of it sent. */
  readonly refusal?: Rejection
}

/**
 * Counts the lines of a file as the importer would, with the importer's own code, before anything is sent.
 *
 * Accepts pieces of any size. Memory: one piece, and one line of at most MAX_LINE_BYTES.
 */
export class LineCheck {
  readonly #rules: LineRules
  readonly #strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #rejectedBy = new Map<ReasonCode, number>()
  /** The start of the line whose end has not arrived; of a too long line, only its first bytes. */
  #open: Uint8Array[] = []
  #openBytes = 0
  #lines = 0
  #blank = 0
  #ready = 0
  /** The first lines that are not blank; undefined after the first JSON object. */
  #sniffer: SniffedLine[] | undefined = []
  #refusal: Rejection | undefined
  #isAtStart = true

  constructor(rules: LineRules) {
    this.#rules = rules
  }

  /** @param bytes the first piece has at least 512 bytes, or is the complete file */
  add(bytes: Uint8Array): void {
    if (this.#isAtStart) {
      this.#isAtStart = false
      this.#refusal = diagnoseBytes(bytes)
      if (BOM.every((byte, index) => bytes[index] === byte)) bytes = bytes.subarray(BOM.length)
    }
    if (this.#refusal !== undefined) return
    let start = 0
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      this.#endLine(bytes.subarray(start, end))
      start = end + 1
    }
    this.#keepOpen(bytes.subarray(start))
  }

  /** Call after the last piece. */
  end(): void {
    if (this.#openBytes > 0) this.#endLine(new Uint8Array())
    if (this.#sniffer !== undefined) this.#refusal ??= diagnoseFile(this.#sniffer, true)
  }

  counts(): LineCounts {
    return {
      lines: this.#lines,
      blank: this.#blank,
      ready: this.#ready,
      rejectedBy: [...this.#rejectedBy].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count),
      ...(this.#refusal !== undefined && { refusal: this.#refusal }),
    }
  }

  #keepOpen(rest: Uint8Array): void {
    if (rest.length === 0) return
    // Only the start of a too long line is checked, so the rest is not kept.
    if (this.#openBytes <= MAX_LINE_BYTES) this.#open.push(rest.slice())
    this.#openBytes += rest.length
  }

  #endLine(rest: Uint8Array): void {
    const length = this.#openBytes + rest.length
    const bytes = this.#open.length === 0 ? rest : concatenated([...this.#open, rest])
    this.#open = []
    this.#openBytes = 0
    this.#lines += 1
    if (length > MAX_LINE_BYTES) this.#rejectLine('line_too_long', bytes)
    else this.#classifyLine(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes)
  }

  #classifyLine(bytes: Uint8Array): void {
    let text: string
    try {
      text = this.#strict.decode(bytes)
    } catch {
      this.#rejectLine('invalid_encoding', bytes)
      return
    }
    const entry = classifyLine({ number: this.#lines, byteStart: 0, byteEnd: bytes.length, text }, this.#rules)
    if (entry.kind === 'blank') this.#blank += 1
    else if (entry.kind === 'rejected') this.#rejectLine(entry.rejection.reason, bytes, text)
    else {
      this.#ready += 1
      this.#sniffer = undefined
    }
  }

  #rejectLine(reason: ReasonCode, bytes: Uint8Array, text?: string): void {
    this.#rejectedBy.set(reason, (this.#rejectedBy.get(reason) ?? 0) + 1)
    if (this.#sniffer === undefined) return
    if (reason === 'line_too_long' ? bytes[0] === BRACE : !NO_OBJECT.has(reason)) {
      this.#sniffer = undefined
      return
    }
    this.#sniffer.push({ text, ...(text === undefined && { start: latin1(bytes.subarray(0, START_BYTES)) }) })
    if (this.#sniffer.length < MAX_SNIFFED_LINES) return
    this.#refusal = diagnoseFile(this.#sniffer, false)
    this.#sniffer = undefined
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
