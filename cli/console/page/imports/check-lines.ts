import { classifyLine } from '../../../../lambda/parse/classify-line.ts'
import { diagnoseBytes } from '../../../../lambda/parse/diagnose.ts'
import { endsLinesWithCr, withLfForCr } from '../../../../lambda/common/line-ends.ts'
import type { Entry } from '../../../../lambda/parse/entry.ts'
import type { Line } from '../../../../lambda/read/line.ts'
import type { LineRules, ParsedLine } from '../../../../lambda/parse/line.ts'
import { FormatSniffer, type Sniffable } from '../../../../lambda/parse/sniff.ts'
import { reject, type ReasonCode, type Rejection, type WarningCode } from '../../../../lambda/reasons.ts'
import { findCsv } from '../../../../lambda/csv/layout.ts'
import { CsvRows, type Row } from '../../../../lambda/csv/rows.ts'
import type { Digest } from '../../../preview/digest/digest.ts'
import { concatenated } from './bytes.ts'

/** The importer's default for `KM_MAX_LINE_BYTES`: a longer line is rejected. */
const MAX_LINE_BYTES = 262_144

/** The latest valid time is a day after the file was written. */
const SECONDS_A_DAY = 86_400

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
  /** The rows, if it is a CSV file. Undefined until that is known. */
  #csv: CsvRows | 'none' | undefined
  /** The bytes until then. */
  #csvHead: Uint8Array = new Uint8Array()
  /** The format is known, so that the positions of lines do not matter any more. */
  #isAdmitted = false
  readonly #onEntry: (entry: Entry) => void

  /** @param onEntry called with each line, in order */
  constructor(rules: LineRules, onEntry: (entry: Entry) => void = () => undefined) {
    this.#rules = rules
    this.#onEntry = onEntry
  }

  /** For lines that are not the first ones of a file that is known to be JSON lines. */
  static ofRange(rules: LineRules, onEntry: (entry: Entry) => void): LineCheck {
    const check = new LineCheck(rules, onEntry)
    check.#csv = 'none'
    check.#isAtStart = false
    check.#isCr = false
    check.#isAdmitted = true
    return check
  }

  /** @param bytes the first piece has at least 512 bytes, or is the complete file */
  add(bytes: Uint8Array): void {
    if (this.#csv === undefined) {
      this.#csvHead = concatenated([this.#csvHead, bytes])
      this.#findCsv(false)
    } else if (this.#csv === 'none') this.#addBytes(bytes)
    else for (const row of this.#csv.push(bytes)) this.#addRow(row)
  }

  #findCsv(isComplete: boolean): void {
    const head = this.#csvHead
    const found = findCsv(head, isComplete)
    if (found.kind === 'undecided') return
    this.#csvHead = new Uint8Array()
    this.#csv = 'none'
    if (found.kind === 'refused') this.#refusal = found.rejection
    else if (found.kind === 'other') this.#addBytes(head)
    else {
      this.#csv = new CsvRows(found.layout, { maxLineBytes: MAX_LINE_BYTES, fileTime: this.#rules.latestTime - SECONDS_A_DAY })
      for (const row of this.#csv.push(head)) this.#addRow(row)
    }
  }

  #addRow({ text, fault, byteStart, byteEnd, number }: Row): void {
    this.#lines += 1
    const length = byteEnd - byteStart
    this.#countEnd(
      fault === undefined
        ? this.#classified({ number, byteStart, byteEnd, text })
        : faulty(number, fault.reason, fault.bytes, length, fault.specifics),
    )
  }

  #addBytes(bytes: Uint8Array): void {
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
    const wholeLines = bytes.lastIndexOf(LF) + 1
    if (this.#addText(bytes.subarray(0, wholeLines))) this.#keepOpen(bytes.subarray(wholeLines))
    else this.#addLineByLine(bytes)
  }

  /**
   * Decodes many lines at once, which takes a third of the time.
   *
   * @param bytes whole lines, but for the start of the first one
   * @returns false if a line may be too long or is not UTF-8, or its position matters: then nothing was added
   */
  #addText(bytes: Uint8Array): boolean {
    if (!this.#isAdmitted || bytes.length === 0 || this.#openBytes + bytes.length > MAX_LINE_BYTES) return false
    const text = this.#decode(this.#open.length === 0 ? bytes : concatenated([...this.#open, bytes]))
    if (text === undefined) return false
    this.#open = []
    this.#openBytes = 0
    for (let start = 0, end = text.indexOf('\n'); end !== -1; start = end + 1, end = text.indexOf('\n', start)) {
      const last = end > start && text.charCodeAt(end - 1) === CR ? end - 1 : end
      this.#lines += 1
      this.#countEnd(this.#classified({ number: this.#lines, byteStart: 0, byteEnd: 0, text: text.slice(start, last) }))
    }
    return true
  }

  #addLineByLine(bytes: Uint8Array): void {
    let start = 0
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      this.#endLine(bytes.subarray(start, end))
      start = end + 1
    }
    this.#keepOpen(bytes.subarray(start))
  }

  /** Call after the last piece. */
  end(): void {
    if (this.#csv === undefined) this.#findCsv(true)
    if (typeof this.#csv === 'object') {
      const last = this.#csv.end()
      if (last !== undefined) this.#addRow(last)
      if (this.#csv.unclosedQuote !== undefined) this.#refusal = reject('object_unreadable', this.#csv.unclosedQuote)
      return
    }
    for (const head of this.#head) this.#decideLineEnds(head, true)
    if (this.#openBytes > 0) this.#endLine(new Uint8Array())
    const sniffed = this.#sniffer.end()
    if (sniffed.kind === 'refused') this.#refusal ??= sniffed.rejection
  }

  /**
   * Drops the start of the line whose end has not arrived, so that the rest of the file can be checked in ranges.
   *
   * @returns how many bytes were dropped; undefined, and nothing is dropped, if the rest has to be checked here
   */
  dropOpenLine(): number | undefined {
    if (!this.#isAdmitted || this.#isCr !== false) return undefined
    const dropped = this.#openBytes
    this.#open = []
    this.#openBytes = 0
    return dropped
  }

  /** Adds the counts of the next lines. */
  addDigest({ lines: { valid, rejected, blank }, rejections, warnings }: Digest): void {
    this.#lines += valid + rejected + blank
    this.#blank += blank
    this.#ready += valid
    for (const [reason, { count }] of rejections) addTo(this.#rejectedBy, reason, count)
    for (const [warning, count] of warnings) addTo(this.#warnings, warning, count)
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

  #entryOf(bytes: Uint8Array, length: number): CheckedLine {
    if (length > MAX_LINE_BYTES) return faulty(this.#lines, 'line_too_long', bytes, length)
    const text = this.#decode(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes)
    if (text === undefined) return faulty(this.#lines, 'invalid_encoding', bytes, length)
    return this.#classified({ number: this.#lines, byteStart: 0, byteEnd: length, text })
  }

  #classified(line: Line): Entry {
    const entry = classifyLine(line, this.#rules)
    if (entry.kind === 'ready') this.#countWarnings(entry.parsed)
    return entry
  }

  #countWarnings(parsed: ParsedLine): void {
    for (const warning of parsed.warnings) addTo(this.#warnings, warning, 1)
  }

  /** @returns undefined if the bytes are not UTF-8 */
  #decode(bytes: Uint8Array): string | undefined {
    try {
      return this.#strict.decode(bytes)
    } catch {
      return undefined
    }
  }

  #count(entry: CheckedLine): void {
    this.#countEnd(entry)
    if (this.#isAdmitted) return
    const sniffed = this.#sniffer.sniff(entry)
    if (sniffed.kind === 'refused') this.#refusal = sniffed.rejection
    this.#isAdmitted = sniffed.kind === 'admitted'
  }

  #countEnd(entry: CheckedLine): void {
    this.#onEntry('fault' in entry ? entry.fault : entry)
    if (entry.kind === 'blank') this.#blank += 1
    else if (entry.kind === 'ready') this.#ready += 1
    else addTo(this.#rejectedBy, entry.rejection.reason, 1)
  }
}

function addTo<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

/** A line with a fault: for the sniffer, with its bytes, and as an entry of the survey. */
interface FaultyLine extends Sniffable {
  readonly kind: 'rejected'
  readonly rejection: Rejection
  readonly fault: Entry
}

type CheckedLine = Entry | FaultyLine

function faulty(
  number: number,
  reason: 'line_too_long' | 'invalid_encoding' | 'invalid_row',
  bytes: Uint8Array,
  length: number,
  specifics?: string,
): FaultyLine {
  const line = { number, byteStart: 0, byteEnd: length, text: '' }
  const rejection = reject(reason, specifics)
  return {
    kind: 'rejected',
    line: { ...line, fault: { reason, bytes } },
    rejection,
    fault: { kind: 'rejected', line, rejection },
  }
}
