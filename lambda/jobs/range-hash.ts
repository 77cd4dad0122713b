import { createHash } from 'node:crypto'
import type { Task } from '../intake/task.ts'
import type { Invocation, OpenFile, Ports } from '../ports.ts'
import type { Watermark } from '../settle/ledger.ts'
import { onAbort } from './on-abort.ts'

/** The hash of the bytes that a segment was imported from, for the receipt of its file. */
export class RangeHash {
  readonly #hash = createHash('sha256')
  #bytes = 0

  /** A run calls this with everything that it reads. */
  readonly add = (chunk: Buffer): void => {
    this.#hash.update(chunk)
    this.#bytes += chunk.length
  }

  /**
   * The hash of the whole segment. A hash cannot be stored half-way, so what a run has not read itself, because it began at a checkpoint, is
   * read again: that costs a hundredth of the import.
   *
   * @param start where this run began to read
   * @returns undefined if the file cannot be read again; then it has no receipt
   */
  async end(
    { file, segment }: Task,
    { bytes }: Pick<OpenFile, 'bytes'>,
    start: Watermark,
    { files }: Pick<Ports, 'files'>,
    { ending }: Pick<Invocation, 'ending'>,
  ): Promise<string | undefined> {
    const range = { start: segment?.byteStart ?? 0, end: segment?.byteEnd ?? bytes }
    if (start.byte === range.start && this.#bytes === range.end - range.start) return this.#hash.digest('hex')
    try {
      const again = await files.open(file, range)
      if (again.kind !== 'open') return undefined
      using _ending = onAbort(ending, (reason) => {
        again.body.destroy(reason)
      })
      const hash = createHash('sha256')
      for await (const chunk of again.body as AsyncIterable<Buffer>) hash.update(chunk)
      ending.throwIfAborted() // a body that was destroyed here looks like one that ended early
      return hash.digest('hex')
    } catch {
      return undefined
    }
  }
}
