import { latestTimeFor } from '../../../../lambda/parse/line.ts'
import { joined, LineCheck, type LineCounts } from './check-lines.ts'

/** What was found out about a file before it is handed over. */
export interface FileOutlook extends LineCounts {
  /** Bytes of the file that were looked at, of all that it has. */
  readonly bytesRead: number
  readonly bytes: number
  /** `part`: it was too long to be looked at to its end. `stuck`: it could not be read, or not unpacked, any further. */
  readonly extent: 'whole' | 'part' | 'stuck'
}

export interface CheckOptions {
  readonly signal: AbortSignal
  /** Unpacked bytes that are looked at, at most. */
  readonly mostBytes: number
  /** Told now and then. */
  readonly onProgress: (outlook: FileOutlook) => void
}

/** What the importer needs of the start, to know a file that is no text. */
const START_BYTES = 512
/** So long at a time, and then whoever types or scrolls has a turn. */
const SLICE_MS = 8
/** A piece that surely takes no longer than some of these slices. */
const PIECE_BYTES = 32_768
const TELL_EVERY_MS = 150

/**
 * Looks at a file as the importer would, here in the browser: nothing is sent.
 *
 * Like the importer it tells a packed file by its first bytes, whatever it is called. Several gzip members in one file, which the
 * importer takes for one, are more than a browser unpacks: such a file is looked at as far as the first goes.
 *
 * @throws DOMException named AbortError
 */
export async function checkFile(file: Blob, { signal, mostBytes, onProgress }: CheckOptions): Promise<FileOutlook> {
  const check = new LineCheck({ latestTime: latestTimeFor(new Date()) })
  let bytesRead = 0
  const outlook = (extent: FileOutlook['extent']): FileOutlook => ({
    ...check.counts(),
    bytesRead: Math.min(bytesRead, file.size),
    bytes: file.size,
    extent,
  })
  const faults: unknown[] = []
  const pieces = piecesOf(await plainStream(file, (count) => (bytesRead += count)), (fault) => faults.push(fault))
  let unpacked = 0
  let toldAt = performance.now()
  let restedAt = toldAt
  for await (const piece of pieces) {
    signal.throwIfAborted()
    if (unpacked >= mostBytes) return outlook('part')
    check.add(piece)
    unpacked += piece.length
    if (check.counts().refusal !== undefined) return outlook('part')
    const now = performance.now()
    if (now - toldAt >= TELL_EVERY_MS) {
      onProgress(outlook('part'))
      toldAt = now
    }
    if (now - restedAt >= SLICE_MS) {
      await nextTurn()
      restedAt = performance.now()
    }
  }
  signal.throwIfAborted()
  if (faults.length > 0) return outlook('stuck')
  check.end()
  return outlook('whole')
}

async function plainStream(file: Blob, onRead: (bytes: number) => void): Promise<ReadableStream<Uint8Array>> {
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
 * In pieces that are quickly done; the first has enough bytes to tell what the file is.
 *
 * @param onFault told where it can be read, or unpacked, no further; a browser does not say why in words that a person could use
 */
async function* piecesOf(stream: ReadableStream<Uint8Array>, onFault: (fault: unknown) => unknown): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  const onEnd = (fault: unknown) => {
    onFault(fault)
    return undefined
  }
  let start: Uint8Array | undefined = new Uint8Array()
  try {
    for (;;) {
      const value = await reader.read().then((next) => next.value, onEnd)
      if (value === undefined) break
      let chunk = value
      if (start !== undefined) {
        chunk = start = joined([start, chunk])
        if (chunk.length < START_BYTES) continue
        start = undefined
      }
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES)
    }
    if (start !== undefined) yield start
  } finally {
    await reader.cancel().catch(() => undefined) // it may have failed already
  }
}

/** A timer would wait for a second in a tab that nobody looks at. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
