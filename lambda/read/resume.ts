import { Readable } from 'node:stream'
import { fullJitter } from '../backoff.ts'
import { SetupError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Absence, ByteRange, Clock, SourceFiles } from '../ports.ts'

/** The object is no longer what it was when its reading began. */
export class VanishedFile extends Error {
  override readonly name = 'VanishedFile'
  readonly state: Absence

  constructor(state: Absence) {
    super(`The object was lost in the middle of reading it (${state}).`)
    this.state = state
  }
}

type Sleeper = Pick<Clock, 'sleep' | 'chance'>

/** So many resumes in a row that bring not one byte, or tries of one opening, and it is not a passing fault. */
const MAX_TRIES = 5
const BACKOFF_MS = { first: 400, max: 5_000 }

/**
 * Drops whose bodies do not break: where one does (the connection is reset, stalls, or ends early, which the SDK takes for the end), it goes
 * on from the byte it had come to, in the same object.
 *
 * A body gives exactly the bytes that were asked for, or an error: VanishedFile, SetupError, or the last of the faults.
 *
 * @see Amazon S3, "GetObject": Range, VersionId, If-Match
 */
export function resuming(files: SourceFiles, clock: Sleeper): SourceFiles {
  return {
    async open(file, range = { start: 0 }) {
      const first = await openPatiently(files, file, range, clock, new AbortController().signal)
      if (first.kind !== 'open') return first
      // Where the message named no ETag, what was opened first is what has to be read to the end.
      const pinned: SourceFile = { ...file, etag: file.etag ?? first.etag }
      const end = Math.max(range.start, Math.min(range.end ?? first.bytes, first.bytes))
      const openRest: OpenRest = async (start, signal) => {
        const again = await openPatiently(files, pinned, { start, end }, clock, signal)
        if (again.kind !== 'open') throw new VanishedFile(again.kind)
        return again.body
      }
      return { ...first, body: new UnbrokenBody(first.body, { start: range.start, end }, openRest, clock) }
    },
  }
}

type OpenRest = (start: number, signal: AbortSignal) => Promise<Readable>

/** Closes what it reads from as soon as it is closed itself, also while it waits for a chunk that may never come. */
class UnbrokenBody extends Readable {
  readonly #end: number
  readonly #openRest: OpenRest
  readonly #clock: Sleeper
  readonly #leaving = new AbortController()
  readonly #pieces = this.#readAll()
  #at: number
  #inner: Readable

  constructor(first: Readable, { start, end }: Required<ByteRange>, openRest: OpenRest, clock: Sleeper) {
    super({ highWaterMark: 1 }) // a chunk at a time: it is as large as a socket's
    this.#at = start
    this.#end = end
    this.#openRest = openRest
    this.#clock = clock
    this.#inner = silenced(first)
    silenced(this)
  }

  override _read(): void {
    this.#pieces.next().then(
      ({ value, done }) => this.push(done === true ? null : value),
      (error: unknown) => this.destroy(error as Error), // nothing else is thrown here
    )
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#leaving.abort()
    this.#inner.destroy()
    done(error)
  }

  async *#readAll(): AsyncGenerator<Buffer, void> {
    for (let resumes = 0; ; resumes += 1) {
      const from = this.#at
      const fault = yield* this.#readOn()
      if (this.#at === this.#end) return
      if (this.#at > from) resumes = 0
      if (resumes === MAX_TRIES) throw fault
      await this.#resume(fullJitter(resumes + 1, this.#clock.chance(), BACKOFF_MS))
    }
  }

  /** What the inner body brings, as far as it was asked for. @returns why there is no more of it */
  async *#readOn(): AsyncGenerator<Buffer, unknown> {
    try {
      for await (const chunk of this.#inner as AsyncIterable<Buffer>) {
        const piece = chunk.subarray(0, this.#end - this.#at)
        this.#at += piece.length
        if (piece.length > 0) yield piece
        if (piece.length < chunk.length) break
      }
      return new Error(`S3 sent fewer bytes than it has: the body ended at byte ${this.#at}, and not at ${this.#end}`)
    } catch (error) {
      return error
    }
  }

  async #resume(pauseMs: number): Promise<void> {
    const { signal } = this.#leaving
    await this.#clock.sleep(pauseMs, signal)
    signal.throwIfAborted()
    this.#inner = silenced(await this.#openRest(this.#at, signal))
    if (signal.aborted) this.#inner.destroy()
  }
}

/** Its error is met where it is read. One that comes before anybody reads must not end the process. */
function silenced(body: Readable): Readable {
  return body.on('error', () => undefined)
}

/** The SDK tries three times by itself, within two seconds; a busy S3 may take longer than that. */
async function openPatiently(
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
