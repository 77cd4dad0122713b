import { inBatches } from '../../lambda/archive/dead-letter-reader.ts'
import type { DeadLetterReader } from '../../lambda/ports.ts'
import type { ArchivedFiles } from './archived-files.ts'

/** Where a dead letter is stored: in the queue (by its receipt handle), in files under `archived/`, or both. */
interface Locations {
  receipt?: string
  readonly files: Set<string>
}

/** Dead letters that a command has selected. Those from the queue stay hidden from other consumers until they are removed or released. */
export class DeadLetterSelection implements AsyncDisposable {
  /** False if the queue holds more messages than one scan can receive, or the scan was interrupted. */
  isComplete = true
  readonly #locations = new Map<string, Locations>()
  readonly #queue: DeadLetterReader
  readonly #archived: ArchivedFiles

  constructor(queue: DeadLetterReader, archived: ArchivedFiles) {
    this.#queue = queue
    this.#archived = archived
  }

  has(id: string): boolean {
    return this.#locations.has(id)
  }

  add(id: string, location: { readonly receipt: string } | { readonly file: string }): void {
    const locations = this.#locations.get(id) ?? { files: new Set() }
    if ('receipt' in location) locations.receipt = location.receipt
    else locations.files.add(location.file)
    this.#locations.set(id, locations)
  }

  /** Deletes dead letters wherever they are stored. Call it only after what they contain is stored elsewhere. */
  async remove(ids: readonly string[]): Promise<void> {
    const queued: { readonly id: string; readonly receipt: string }[] = []
    const idsByFile = new Map<string, Set<string>>()
    for (const id of ids) {
      const { receipt, files = new Set<string>() } = this.#locations.get(id) ?? {}
      if (receipt !== undefined) queued.push({ id, receipt })
      for (const file of files) idsByFile.set(file, (idsByFile.get(file) ?? new Set()).add(id))
    }
    await inBatches(queued, async (batch) => {
      await this.#queue.remove(batch)
      for (const { id } of batch) this.#locations.delete(id)
    })
    for (const [file, idsInFile] of idsByFile) await this.#archived.remove(file, idsInFile)
  }

  /** Releases what was not removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const receipts = [...this.#locations.values()].flatMap(({ receipt }) => (receipt === undefined ? [] : [{ receipt }]))
    await inBatches(receipts, (batch) => this.#queue.putBack(batch)).catch(() => undefined) // they reappear after their visibility timeout
  }
}
