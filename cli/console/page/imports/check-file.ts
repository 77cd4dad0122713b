import type { CheckContext } from '../../api-types.ts'
import { concatenated } from './bytes.ts'
import { LineCheck, type LineCounts } from './check-lines.ts'
import { ContentSurvey, type Content } from './content-survey.ts'

/** The result of a check before the upload. */
export interface FileCheck extends LineCounts {
  /** Bytes of the file that were read, and all that it has. */
  readonly bytesRead: number
  readonly bytes: number
  /** `partial`: too long to check completely. `unreadable`: the rest could not be read or unpacked. */
  readonly extent: 'complete' | 'partial' | 'unreadable'
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
}

/** Bytes that the format check needs to recognize a file that is not text. */
const MIN_START_BYTES = 512
/** The lines of a piece are in memory at the same time. */
const MAX_PIECE_BYTES = 32_768
const PROGRESS_INTERVAL_MS = 150

/**
 * Checks a file in the browser with the importer's own rules. Sends nothing.
 *
 * Like the importer, it recognizes gzip by the first bytes, whatever the file is called. Browsers unpack only the first member of a
 * gzip file with several members (the importer unpacks all), so such a file is checked up to the end of its first member.
 *
 * @throws DOMException named AbortError; SetupError if an import rule cannot be used
 */
export async function checkFile(file: Blob, { signal, maxBytes, context, onProgress }: CheckOptions): Promise<FileCheck> {
  const survey = new ContentSurvey(context)
  const lines = new LineCheck(survey.rules, (entry) => {
    survey.add(entry)
  })
  let bytesRead = 0
  const counts = (extent: FileCheck['extent']): FileCheck => ({
    ...lines.counts(),
    bytesRead: Math.min(bytesRead, file.size),
    bytes: file.size,
    extent,
  })
  const result = (extent: FileCheck['extent']): FileCheck => ({ ...counts(extent), content: survey.content(lines.counts()) })
  const readErrors: unknown[] = []
  const stream = await unpackedStream(file, (count) => (bytesRead += count))
  const pieces = piecesOf(stream, (error) => readErrors.push(error))
  let unpackedBytes = 0
  let reportedAt = performance.now()
  for await (const piece of pieces) {
    signal.throwIfAborted()
    if (unpackedBytes >= maxBytes) return result('partial')
    lines.add(piece)
    unpackedBytes += piece.length
    if (lines.counts().refusal !== undefined) return result('partial')
    const now = performance.now()
    if (now - reportedAt >= PROGRESS_INTERVAL_MS) {
      onProgress(counts('partial'))
      reportedAt = now
    }
  }
  signal.throwIfAborted()
  if (readErrors.length > 0) return result('unreadable')
  lines.end()
  return result('complete')
}

async function unpackedStream(file: Blob, onRead: (bytes: number) => void): Promise<ReadableStream<Uint8Array>> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  const counted = file.stream().pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        onRead(chunk.length)
        controller.enqueue(chunk)
      },
    }),
  )
  return first === 0x1f && second === 0x8b ? counted.pipeThrough(new DecompressionStream('gzip')) : counted
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
