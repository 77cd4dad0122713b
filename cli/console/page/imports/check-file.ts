import { latestTimeFor } from '../../../../lambda/parse/line.ts'
import { concatenated } from './bytes.ts'
import { LineCheck, type LineCounts } from './check-lines.ts'
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
}

export interface CheckOptions {
  readonly signal: AbortSignal
  /** Unpacked bytes to check at most. */
  readonly maxBytes: number
  /** Called several times per second. */
  readonly onProgress: (check: FileCheck) => void
}

/** Bytes that the format check needs to recognize a file that is not text. */
const MIN_START_BYTES = 512
/** How long the check runs before the browser can handle input again. */
const SLICE_MS = 8
/** A piece of this size takes no longer than a few slices. */
const MAX_PIECE_BYTES = 32_768
const PROGRESS_INTERVAL_MS = 150

/**
 * Checks a file in the browser with the importer's own rules. Sends nothing.
 *
 * @throws DOMException named AbortError
 */
export async function checkFile(file: Blob, name: string, { signal, maxBytes, onProgress }: CheckOptions): Promise<FileCheck> {
  const lines = new LineCheck({ latestTime: latestTimeFor(new Date()) })
  let bytesRead = 0
  const result = (extent: FileCheck['extent']): FileCheck => ({
    ...lines.counts(),
    bytesRead: Math.min(bytesRead, file.size),
    bytes: file.size,
    extent,
  })
  const readErrors: unknown[] = []
  const unpacked = await openUnpacked(file, name, (count) => (bytesRead += count))
  if (unpacked.kind === 'refused') return { ...result('partial'), refusal: unpacked.refusal }
  if (unpacked.kind !== 'open') return result(unpacked.kind)
  const pieces = piecesOf(unpacked.stream, (error) => readErrors.push(error))
  let unpackedBytes = 0
  let reportedAt = performance.now()
  let yieldedAt = reportedAt
  for await (const piece of pieces) {
    signal.throwIfAborted()
    if (unpackedBytes >= maxBytes) return result('partial')
    lines.add(piece)
    unpackedBytes += piece.length
    if (lines.counts().refusal !== undefined) return result('partial')
    const now = performance.now()
    if (now - reportedAt >= PROGRESS_INTERVAL_MS) {
      onProgress(result('partial'))
      reportedAt = now
    }
    if (now - yieldedAt >= SLICE_MS) {
      await nextTask()
      yieldedAt = performance.now()
    }
  }
  signal.throwIfAborted()
  if (readErrors.length > 0) return result('unreadable')
  lines.end()
  return result('complete')
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

/** Lets the browser handle input. Not a timer: browsers slow timers of hidden tabs down to one per second. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
