import type { CheckContext } from '../../api-types.ts'
import { concatenated } from './bytes.ts'
import { LineCheck, type LineCounts } from './check-lines.ts'
import { ContentSurvey, type Content } from './content-survey.ts'
import { digestRanges, type RangeHelper } from './range-helpers.ts'
import { rangesOf } from './ranges.ts'
import { openUnpacked } from './unpacked-file.ts'

/** The result of a check before the upload. */
export interface FileCheck extends LineCounts {
  /** Bytes of the file that were read, and all that it has. */
  readonly bytesRead: number
  readonly bytes: number
  /**
   * `partial`: too long to check completely. `unreadable`: the rest could not be read or unpacked. `unchecked`: browsers cannot unpack
   * such a file.
   */
  readonly extent: 'complete' | 'partial' | 'unreadable' | 'unchecked'
  /** What the lines contain; missing while the check runs. */
  readonly content?: Content
}

export interface CheckOptions {
  readonly signal: AbortSignal
  /** Unpacked bytes to check at most. */
  readonly maxBytes: number
  readonly context: CheckContext
  /** Called several times per second. */
  readonly onProgress: (check: FileCheck) => void
  /** Starts threads for a large file, which then is checked in ranges. Left out: this thread checks all files alone. */
  readonly startHelpers?: () => readonly RangeHelper[]
  /** By default those below. */
  readonly ranges?: { readonly minFileBytes: number; readonly bytes: number }
}

/** The threads take a tenth of a second to start: a file of this size takes longer than that. */
const MIN_FILE_BYTES = 16_000_000
/** Large enough that the fixed cost of a range does not matter, and small enough that all threads end at about the same time. */
const RANGE_BYTES = 4_000_000
const DEFAULT_RANGES = { minFileBytes: MIN_FILE_BYTES, bytes: RANGE_BYTES }

/** Bytes that the format check needs to recognize a file that is not text. */
const MIN_START_BYTES = 512
/** The lines of a piece are in memory at the same time. */
const MAX_PIECE_BYTES = 32_768
const PROGRESS_INTERVAL_MS = 150

/**
 * Checks a file in the browser with the importer's own rules. Sends nothing.
 *
 * @throws DOMException named AbortError; SetupError if an import rule cannot be used
 */
export async function checkFile(file: Blob, name: string, options: CheckOptions): Promise<FileCheck> {
  return new Check(file, name, options).run()
}

class Check {
  readonly #file: Blob
  readonly #name: string
  readonly #options: CheckOptions
  readonly #survey: ContentSurvey
  readonly #lines: LineCheck
  readonly #readErrors: unknown[] = []
  /** Of the file, and of its content. */
  #bytesRead = 0
  #unpackedBytes = 0
  #reportedAt = performance.now()

  constructor(file: Blob, name: string, options: CheckOptions) {
    this.#file = file
    this.#name = name
    this.#options = options
    this.#survey = new ContentSurvey(options.context)
    this.#lines = new LineCheck(this.#survey.rules, (entry) => {
      this.#survey.add(entry)
    })
  }

  async run(): Promise<FileCheck> {
    const { signal, maxBytes } = this.#options
    const unpacked = await openUnpacked(this.#file, this.#name, (count) => (this.#bytesRead += count))
    if (unpacked.kind === 'refused') return { ...this.#counts('partial'), refusal: unpacked.refusal }
    if (unpacked.kind !== 'open') return this.#counts(unpacked.kind)
    const helpersOf = unpacked.isPlain ? this.#helpersOf() : undefined
    for await (const piece of piecesOf(unpacked.stream, (error) => this.#readErrors.push(error))) {
      signal.throwIfAborted()
      if (this.#unpackedBytes >= maxBytes) return this.#result('partial')
      this.#lines.add(piece)
      this.#unpackedBytes += piece.length
      if (this.#lines.counts().refusal !== undefined) return this.#result('partial')
      const dropped = helpersOf && this.#lines.dropOpenLine()
      if (helpersOf !== undefined && dropped !== undefined) return this.#checkRanges(this.#unpackedBytes - dropped, helpersOf())
      this.#report()
    }
    signal.throwIfAborted()
    if (this.#readErrors.length > 0) return this.#result('unreadable')
    this.#lines.end()
    return this.#result('complete')
  }

  /** @returns undefined if this thread checks the file alone */
  #helpersOf(): CheckOptions['startHelpers'] {
    const { startHelpers, maxBytes, ranges: { minFileBytes } = DEFAULT_RANGES } = this.#options
    return this.#file.size >= minFileBytes && this.#file.size <= maxBytes ? startHelpers : undefined
  }

  /** Checks the rest of the file. @param start of its first line */
  async #checkRanges(start: number, helpers: readonly RangeHelper[]): Promise<FileCheck> {
    const { signal, context, ranges: { bytes: rangeBytes } = DEFAULT_RANGES } = this.#options
    const rules = { latestTime: this.#survey.rules.latestTime, importRules: context.rules }
    this.#bytesRead = start
    for await (const { bytes, digest } of digestRanges(rangesOf(this.#file, start, rangeBytes), rules, helpers)) {
      signal.throwIfAborted()
      if (digest === undefined) return this.#result('unreadable')
      this.#survey.addDigest(digest, this.#lines.counts().lines)
      this.#lines.addDigest(digest.digest)
      this.#bytesRead += bytes
      this.#report()
    }
    return this.#result('complete')
  }

  #report(): void {
    const now = performance.now()
    if (now - this.#reportedAt < PROGRESS_INTERVAL_MS) return
    this.#options.onProgress(this.#counts('partial'))
    this.#reportedAt = now
  }

  #counts(extent: FileCheck['extent']): FileCheck {
    const bytes = this.#file.size
    return { ...this.#lines.counts(), bytesRead: Math.min(this.#bytesRead, bytes), bytes, extent }
  }

  #result(extent: FileCheck['extent']): FileCheck {
    return { ...this.#counts(extent), content: this.#survey.content(this.#lines.counts()) }
  }
}

/**
 * The stream in pieces of at most MAX_PIECE_BYTES; the first has at least MIN_START_BYTES, if the file has them.
 *
 * @param onError called if the stream cannot be read or unpacked to its end; the browser's message would not help the user
 */
async function* piecesOf(stream: ReadableStream<Uint8Array>, onError: (error: unknown) => unknown): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  let start: Uint8Array | undefined = new Uint8Array()
  try {
    for (;;) {
      const value = await reader.read().then(
        (next) => next.value,
        (error: unknown) => {
          onError(error)
          return undefined
        },
      )
      if (value === undefined) break
      let chunk = value
      if (start !== undefined) {
        chunk = start = concatenated([start, chunk])
        if (chunk.length < MIN_START_BYTES) continue
        start = undefined
      }
      for (let at = 0; at < chunk.length; at += MAX_PIECE_BYTES) yield chunk.subarray(at, at + MAX_PIECE_BYTES)
    }
    if (start !== undefined) yield start
  } finally {
    await reader.cancel().catch(() => undefined) // the stream may have failed already
  }
}
