import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fullJitter } from '../backoff.ts'
import { SetupError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Absence, ByteRange, Clock, SourceFiles } from '../ports.ts'

/** The object was deleted, replaced or archived while it was being read. */
export class VanishedFile extends Error {
  override readonly name = 'VanishedFile'
  readonly code = 'file_vanished'
  readonly state: Absence

  constructor(state: Absence) {
    super(`The object changed while it was being read (${state}).`)
    this.state = state
  }
}

type Sleeper = Pick<Clock, 'sleep' | 'chance'>

/** Attempts without progress: resumes in a row that bring no byte, or attempts to open the object. */
const MAX_TRIES = 5
const BACKOFF_MS = { first: 400, max: 5_000 }

/**
 * Source files whose bodies do not break off. If the connection is reset, stalls or ends early (which the SDK reports as a normal end), the
 * body requests the remaining byte range of the same object and continues.
 *
 * A body delivers exactly the requested bytes or fails: with VanishedFile, SetupError, or the last network error.
 *
 * @see Amazon S3, "GetObject": Range, VersionId, If-Match
 */
export function resuming(files: SourceFiles, clock: Sleeper): SourceFiles {
  return {
    async open(file, range = { start: 0 }) {
      const first = await openWithRetries(files, file, range, clock, new AbortController().signal)
      if (first.kind !== 'open') return first
      // Without an ETag in the message, the object that was opened first is the one to read to the end.
      const pinned: SourceFile = { ...file, etag: file.etag ?? first.etag }
      const end = Math.max(range.start, Math.min(range.end ?? first.bytes, first.bytes))
      const openRange = async (part: ByteRange, signal: AbortSignal): Promise<Readable> => {
        const again = await openWithRetries(files, pinned, part, clock, signal)
        if (again.kind !== 'open') throw new VanishedFile(again.kind)
        return again.body
      }
      const openRest: OpenRest = (start, signal) => openRange({ start, end }, signal)
      const readEnd = async (bytes: number) => {
        const tailRange = { start: Math.max(0, first.bytes - bytes), end: first.bytes }
        const tail = await openRange(tailRange, new AbortController().signal)
        return {
          tail: await buffer(
            new ResumingBody(tail, tailRange, (start, signal) => openRange({ start, end: first.bytes }, signal), clock),
          ),
          fileBytes: first.bytes,
        }
      }
      return {
        ...first,
        name: file.key,
        readEnd,
        body: new ResumingBody(first.body, { start: range.start, end }, openRest, clock),
      }
    },
  }
}

type OpenRest = (start: number, signal: AbortSignal) => Promise<Readable>

/** Closing it also closes the inner body immediately, even while it waits for a chunk that may never arrive. */
class ResumingBody extends Readable {
  readonly #end: number
  readonly #openRest: OpenRest
  readonly #clock: Sleeper
  readonly #closing = new AbortController()
  readonly #pieces = this.#readAll()
  #position: number
  #inner: Readable

  constructor(first: Readable, { start, end }: Required<ByteRange>, openRest: OpenRest, clock: Sleeper) {
    super({ highWaterMark: 1 }) // one chunk at a time: a chunk is as large as a socket read
    this.#position = start
    this.#end = end
    this.#openRest = openRest
    this.#clock = clock
    this.#inner = silenced(first)
    silenced(this)
  }

  override _read(): void {
    this.#pieces.next().then(
      ({ value, done }) => this.push(done === true ? null : value),
      (error: unknown) => this.destroy(error as Error), // only Errors are thrown here
    )
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#closing.abort()
    this.#inner.destroy()
    done(error)
  }

  async *#readAll(): AsyncGenerator<Buffer, void> {
    for (let resumes = 0; ; resumes += 1) {
      const from = this.#position
      const failure = yield* this.#readInner()
      if (this.#position === this.#end) return
      if (this.#position > from) resumes = 0
      if (resumes === MAX_TRIES) throw failure
      await this.#resume(fullJitter(resumes + 1, this.#clock.chance(), BACKOFF_MS))
    }
  }

  /** Yields the chunks of the inner body, up to the requested end. @returns why it ended */
  async *#readInner(): AsyncGenerator<Buffer, unknown> {
    try {
      for await (const chunk of this.#inner as AsyncIterable<Buffer>) {
        const piece = chunk.subarray(0, this.#end - this.#position)
        this.#position += piece.length
        if (piece.length > 0) yield piece
        if (piece.length < chunk.length) break
      }
      return new Error(`S3 sent too few bytes: the body ended at byte ${this.#position} instead of ${this.#end}`)
    } catch (error) {
      return error
    }
  }

  async #resume(pauseMs: number): Promise<void> {
    const { signal } = this.#closing
    await this.#clock.sleep(pauseMs, signal)
    signal.throwIfAborted()
    this.#inner = silenced(await this.#openRest(this.#position, signal))
    if (signal.aborted) this.#inner.destroy()
  }
}

/** An error that occurs before the body is read must not end the process. The reader gets it anyway. */
function silenced(body: Readable): Readable {
  return body.on('error', () => undefined)
}

/** The SDK itself tries three times within two seconds. A busy S3 may need longer. */
async function openWithRetries(
  files: SourceFiles,
  file: SourceFile,
  range: ByteRange,
  clock: Sleeper,
  signal: AbortSignal,
): ReturnType<SourceFiles['open']> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await files.open(file, range)
    } catch (error) {
      if (error instanceof SetupError || failures === MAX_TRIES - 1) throw error
    }
    await clock.sleep(fullJitter(failures + 1, clock.chance(), BACKOFF_MS), signal)
    signal.throwIfAborted()
  }
}
