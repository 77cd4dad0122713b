import { diagnoseBytes } from '../../../../lambda/parse/diagnose.ts'
import type { LineRules } from '../../../../lambda/parse/line.ts'
import { FormatSniffer, type Sniffable, type SniffResult } from '../../../../lambda/parse/sniff.ts'
import { reject, type ReasonCode, type Rejection } from '../../../../lambda/reasons.ts'
import { classifyLine } from '../../../preview/digest/classify-line.ts'
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
  readonly #sniffer = new FormatSniffer()
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
    this.#sniffed(this.#sniffer.end())
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
    const byteEnd = this.#openBytes + rest.length
    const bytes = this.#open.length === 0 ? rest : concatenated([...this.#open, rest])
    this.#open = []
    this.#openBytes = 0
    this.#lines += 1
    const entry = this.#entryOf(bytes, byteEnd)
    if (entry.kind === 'blank') this.#blank += 1
    else if (entry.kind === 'ready') this.#ready += 1
    else if (entry.rejection !== undefined) {
      const { reason } = entry.rejection
      this.#rejectedBy.set(reason, (this.#rejectedBy.get(reason) ?? 0) + 1)
    }
    this.#sniffed(this.#sniffer.sniff(entry))
  }

  /** @param bytes of the line; of a too long line, only the first */
  #entryOf(bytes: Uint8Array, byteEnd: number): Sniffable {
    const line = { number: this.#lines, byteStart: 0, byteEnd, text: '' }
    const faulty = (reason: 'line_too_long' | 'invalid_encoding'): Sniffable => ({
      kind: 'rejected',
      line: { ...line, fault: { reason, bytes } },
      rejection: reject(reason),
    })
    if (byteEnd > MAX_LINE_BYTES) return faulty('line_too_long')
    const text = this.#decoded(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes)
    return text === undefined ? faulty('invalid_encoding') : classifyLine({ ...line, text }, this.#rules)
  }

  /** @returns undefined if the bytes are not UTF-8 */
  #decoded(bytes: Uint8Array): string | undefined {
    try {
      return this.#strict.decode(bytes)
    } catch {
      return undefined
    }
  }

  #sniffed(result: SniffResult): void {
    if (result.kind === 'refused') this.#refusal ??= result.rejection
  }
}
