import { classifyLine } from '../../../../lambda/parse/classify-line.ts'
import { diagnoseBytes } from '../../../../lambda/parse/diagnose.ts'
import { endsLinesWithCr, withLfForCr } from '../../../../lambda/line-ends.ts'
import { CountedOnce } from '../../../../lambda/parse/counted-once.ts'
import type { LineRules, ParsedLine } from '../../../../lambda/parse/line.ts'
import { FormatSniffer, type Sniffable } from '../../../../lambda/parse/sniff.ts'
import { reject, type ReasonCode, type Rejection, type WarningCode } from '../../../../lambda/reasons.ts'
import { concatenated } from './bytes.ts'

/** The importer's default for `KM_MAX_LINE_BYTES`: a longer line is rejected. */
const MAX_LINE_BYTES = 262_144

const LF = 0x0a
const CR = 0x0d
const BOM = [0xef, 0xbb, 0xbf]

/** What an import would do with the lines that were checked. */
export interface LineCounts {
  readonly lines: number
  readonly blank: number
  readonly ready: number
  /** The most frequent first. */
  readonly rejectedBy: readonly { readonly reason: ReasonCode; readonly count: number }[]
  /** What is unusual in lines that can be sent. */
  readonly warnings: readonly { readonly warning: WarningCode; readonly count: number }[]
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
  readonly #sniffer = new FormatSniffer()
  readonly #rejectedBy = new Map<ReasonCode, number>()
  readonly #warnings = new Map<WarningCode, number>()
  readonly #countedOnce = new CountedOnce()
  /** The start of the line whose end has not arrived; of a too long line, only its first bytes. */
  #open: Uint8Array[] = []
  #openBytes = 0
  #lines = 0
  #blank = 0
  #ready = 0
  #refusal: Rejection | undefined
  #isAtStart = true
  /** Whether lines end with CR alone. Undefined until the first line end. */
  #isCr: boolean | undefined
  /** The pieces until then. */
  #head: Uint8Array[] = []

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
    if (this.#isCr !== undefined) {
      this.#addLines(bytes)
      return
    }
    const head = concatenated([...this.#head, bytes])
    this.#head = [head]
    this.#decideLineEnds(head, false)
  }

  #decideLineEnds(head: Uint8Array, isComplete: boolean): void {
    this.#isCr = endsLinesWithCr(head, isComplete)
    if (this.#isCr === undefined) return
    this.#head = []
    this.#addLines(head)
  }

  #addLines(piece: Uint8Array): void {
    const bytes = this.#isCr === true ? withLfForCr(piece) : piece
    let start = 0
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      this.#endLine(bytes.subarray(start, end))
      start = end + 1
    }
    this.#keepOpen(bytes.subarray(start))
  }

  /** Call after the last piece. */
  end(): void {
    for (const head of this.#head) this.#decideLineEnds(head, true)
    if (this.#openBytes > 0) this.#endLine(new Uint8Array())
    const sniffed = this.#sniffer.end()
    if (sniffed.kind === 'refused') this.#refusal ??= sniffed.rejection
  }

  counts(): LineCounts {
    return {
      lines: this.#lines,
      blank: this.#blank,
      ready: this.#ready,
      rejectedBy: [...this.#rejectedBy].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count),
      warnings: [...this.#warnings].map(([warning, count]) => ({ warning, count })),
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
    this.#count(this.#entryOf(bytes, length))
  }

  #entryOf(bytes: Uint8Array, length: number): Sniffable {
    if (length > MAX_LINE_BYTES) return faulty('line_too_long', bytes, length)
    const text = this.#decode(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes)
    if (text === undefined) return faulty('invalid_encoding', bytes, length)
    const entry = classifyLine({ number: this.#lines, byteStart: 0, byteEnd: length, text }, this.#rules)
    if (entry.kind === 'ready') this.#countWarnings(entry.parsed)
    return entry
  }

  #countWarnings(parsed: ParsedLine): void {
    for (const warning of parsed.warnings) this.#warnings.set(warning, (this.#warnings.get(warning) ?? 0) + 1)
    if (this.#countedOnce.has(parsed)) this.#warnings.set('counted_once', (this.#warnings.get('counted_once') ?? 0) + 1)
  }

  /** @returns undefined if the bytes are not UTF-8 */
  #decode(bytes: Uint8Array): string | undefined {
    try {
      return this.#strict.decode(bytes)
    } catch {
      return undefined
    }
  }

  #count(entry: Sniffable): void {
    if (entry.kind === 'blank') this.#blank += 1
    else if (entry.rejection === undefined) this.#ready += 1
    else this.#rejectedBy.set(entry.rejection.reason, (this.#rejectedBy.get(entry.rejection.reason) ?? 0) + 1)
    const sniffed = this.#sniffer.sniff(entry)
    if (sniffed.kind === 'refused') this.#refusal = sniffed.rejection
  }
}

function faulty(reason: 'line_too_long' | 'invalid_encoding', bytes: Uint8Array, length: number): Sniffable {
  return {
    kind: 'rejected',
    line: { byteStart: 0, byteEnd: length, text: '', fault: { reason, bytes } },
    rejection: reject(reason),
  }
}
