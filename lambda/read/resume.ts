import { Readable } from 'node:stream'
import type { Clock } from '../deliver/deliver.ts'
import { SetupError } from '../errors.ts'
import type { Drop } from '../intake/drop.ts'
import type { Absence, ByteRange, Drops, OpenDrop } from './drops.ts'

/** The object is no longer what it was when its reading began. */
export class VanishedDrop extends Error {
  override readonly name = 'VanishedDrop'
  readonly state: Absence

  constructor(state: Absence) {
    super(`The object was lost in the middle of reading it (${state}).`)
    this.state = state
  }
}

type Pauses = Pick<Clock, 'sleep' | 'chance'>

/** So many tries in a row that bring not one byte, and it is not a passing fault. */
const MAX_TRIES = 5
const FIRST_CEILING_MS = 200
const CEILING_MS = 5_000

/**
 * Drops whose bodies do not break: where one does (the connection is reset, stalls, or ends early, which the SDK takes for the end), it goes
 * on from the byte it had come to, in the same object.
 *
 * A body gives exactly the bytes that were asked for, or an error: VanishedDrop, SetupError, or the last of the faults.
 *
 * @see Amazon S3, "GetObject": Range, VersionId, If-Match
 */
export function resuming(drops: Drops, clock: Pauses): Drops {
  return {
    async open(drop, range = { start: 0 }) {
      const leaving = new AbortController()
      const { signal } = leaving
      const first = await openPatiently(drops, drop, range, clock, signal)
      if (first.kind !== 'open') return first
      // Where the message named neither version nor ETag, what was opened first is what has to be read to the end.
      const pinned: Drop = { ...drop, etag: drop.etag ?? first.etag }
      const whole = { start: range.start, end: Math.min(range.end ?? first.bytes, first.bytes) }
      const reopen: Reopen = (rest) => openPatiently(drops, pinned, rest, clock, signal)
      return { ...first, body: new UnbrokenBody(bytesOf(first, whole, reopen, signal, clock), leaving) }
    },
  }
}

/** Closes what it reads from as soon as it is closed itself, also while it waits for a chunk that may never come. */
class UnbrokenBody extends Readable {
  readonly #bytes: AsyncIterator<Buffer>
  readonly #leaving: AbortController

  constructor(bytes: AsyncIterator<Buffer>, leaving: AbortController) {
    super({ highWaterMark: 1 }) // a chunk at a time: it is as large as a socket's
    this.#bytes = bytes
    this.#leaving = leaving
  }

  override _read(): void {
    this.#bytes.next().then(
      ({ value, done }) => this.push(done === true ? null : value),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    )
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#leaving.abort()
    void this.#bytes.return?.()
    done(error)
  }
}

type Reopen = (rest: ByteRange) => Promise<OpenDrop | { readonly kind: Absence }>

async function* bytesOf(
  first: OpenDrop,
  { start, end }: Required<ByteRange>,
  reopen: Reopen,
  signal: AbortSignal,
  clock: Pauses,
): AsyncGenerator<Buffer> {
  let at = start
  let opened = first
  let fault: unknown
  const close = (): void => {
    opened.body.destroy()
  }
  // A body that stalls gives no chunk, and nothing else would wake whoever waits for one.
  signal.addEventListener('abort', close)
  try {
    for (let tries = 0; at < end; tries += 1) {
      if (tries > 0) {
        if (tries >= MAX_TRIES) throw fault
        await clock.sleep(backoffMs(tries, clock.chance()), signal)
        if (signal.aborted) return
        const again = await reopen({ start: at, end })
        if (again.kind !== 'open') throw new VanishedDrop(again.kind)
        opened = again
      }
      fault = new Error(`S3 sent fewer bytes than it has: ${at - start} of ${end - start}`)
      try {
        for await (const chunk of opened.body as AsyncIterable<Buffer>) {
          const piece = chunk.length > end - at ? chunk.subarray(0, end - at) : chunk
          if (piece.length > 0) tries = 0
          at += piece.length
          yield piece
          if (at >= end) break
        }
      } catch (error) {
        fault = error
      }
    }
  } finally {
    signal.removeEventListener('abort', close)
    opened.body.destroy()
  }
}

/** The SDK tries three times by itself, within two seconds; a busy S3 may take longer than that. */
async function openPatiently(
  drops: Drops,
  drop: Drop,
  range: ByteRange,
  clock: Pauses,
  signal: AbortSignal,
): ReturnType<Drops['open']> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await drops.open(drop, range)
    } catch (error) {
      if (error instanceof SetupError || tries >= MAX_TRIES || signal.aborted) throw error
      await clock.sleep(backoffMs(tries, clock.chance()), signal)
    }
  }
}

function backoffMs(tries: number, chance: number): number {
  return chance * Math.min(CEILING_MS, FIRST_CEILING_MS * 2 ** tries)
}
