import { Readable } from 'node:stream'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import type { Absence, ByteRange, SourceFiles } from '../../../lambda/ports.ts'

/** What happens when the object is opened. After the end of the script, everything works. */
export type Turn =
  /** The request fails, for example because S3 is busy. */
  | { readonly kind: 'refused'; readonly error: Error }
  | { readonly kind: Absence }
  /** The body delivers this many bytes (more than are left: foreign bytes follow), and then ends, breaks off or stalls. */
  | { readonly kind: 'body'; readonly bytes: number; readonly then: 'end' | 'break' | 'stall' }

export interface Opening {
  readonly file: SourceFile
  readonly range: ByteRange | undefined
  readonly body?: Readable
}

const LAST_MODIFIED = new Date('2026-01-01T00:00:00Z')

/** A bucket with one object that follows a script. */
export class ScriptedFiles implements SourceFiles {
  readonly openings: Opening[] = []
  /** Bytes that the bodies have delivered so far. */
  delivered = 0
  beforeOpening = (): Promise<void> => Promise.resolve()
  readonly #object: Buffer
  readonly #turns: Turn[]
  readonly #chunkBytes: number

  constructor(object: Buffer, turns: readonly Turn[] = [], chunkBytes = 7) {
    this.#object = object
    this.#turns = [...turns]
    this.#chunkBytes = chunkBytes
  }

  get bodies(): readonly Readable[] {
    return this.openings.flatMap(({ body }) => body ?? [])
  }

  /** The first byte of each request. */
  get starts(): readonly number[] {
    return this.openings.map(({ range }) => range?.start ?? 0)
  }

  async open(file: SourceFile, range?: ByteRange): ReturnType<SourceFiles['open']> {
    await this.beforeOpening()
    const turn = this.#turns.shift() ?? { kind: 'body', bytes: this.#object.length, then: 'end' }
    if (turn.kind !== 'body') {
      this.openings.push({ file, range })
      if (turn.kind === 'refused') throw turn.error
      return { kind: turn.kind }
    }
    const rest = this.#object.subarray(range?.start ?? 0, range?.end)
    const isCut = turn.then !== 'end' || turn.bytes < rest.length
    const foreign = Buffer.alloc(isCut ? Math.max(0, turn.bytes - rest.length) : 0, '?')
    const body = this.#bodyOf(Buffer.concat([rest.subarray(0, turn.bytes), foreign]), turn.then)
    this.openings.push({ file, range, body })
    return { kind: 'open', body, bytes: this.#object.length, etag: '"first"', lastModified: LAST_MODIFIED }
  }

  /** Like a socket: delivers one chunk per read, and then ends, breaks off or stalls. */
  #bodyOf(bytes: Buffer, then: 'end' | 'break' | 'stall'): Readable {
    const chunks = Array.from({ length: Math.ceil(bytes.length / this.#chunkBytes) }, (_, index) =>
      bytes.subarray(index * this.#chunkBytes, (index + 1) * this.#chunkBytes),
    )
    const deliver = (): void => {
      const chunk = chunks.shift()
      this.delivered += chunk?.length ?? 0
      if (chunk !== undefined) body.push(chunk)
      else if (then === 'end') body.push(null)
      else if (then === 'break') body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
    }
    // In a microtask, like a socket: chunks that are pushed synchronously would be joined.
    const body = new Readable({
      highWaterMark: 1,
      read: () => {
        queueMicrotask(deliver)
      },
    })
    return body
  }
}
