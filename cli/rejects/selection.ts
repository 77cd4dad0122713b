import { inBatches } from '../../lambda/archive/dead-letter-reader.ts'
import type { DeadLetterReader } from '../../lambda/ports.ts'
import type { Claim } from '../../lambda/archive/archived.ts'
import type { ArchivedFiles } from './archived-files.ts'
import type { ClaimOutcome } from './claims.ts'

/** Where a dead letter is stored: in the queue (by its receipt handle), in files under `archived/`, or both. */
interface Locations {
  receipt?: string
  readonly files: Set<string>
}

/** Dead letters that a command has selected. Those from the queue stay hidden from other consumers until they are removed or released. */
export class DeadLetterSelection implements AsyncDisposable {
  /** False if others hold some dead letters, the queue holds more than one scan can receive, or the scan was interrupted. */
  isComplete = true
  /** Dead letters of the queue that other readers held during the scan. */
  inUse = 0
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

  /**
   * Claims dead letters for a replay. Those in the queue are already hidden from others, so only the files need a claim.
   *
   * @returns the outcome for each id. One that is stored in several places is claimed if all of them are.
   */
  async claim(ids: readonly string[], claim: Claim): Promise<ReadonlyMap<string, ClaimOutcome>> {
    const outcomes = new Map<string, ClaimOutcome>(ids.map((id) => [id, 'claimed']))
    await forEachFile(this.#byFile(ids), async (file, idsInFile) => {
      for (const [id, outcome] of await this.#archived.claim(file, idsInFile, claim))
        if (outcomes.get(id) !== 'sent' && outcome !== 'claimed') outcomes.set(id, outcome)
    })
    return outcomes
  }

  /** Deletes dead letters wherever they are stored. Call it only after what they contain is stored elsewhere. */
  async remove(ids: readonly string[]): Promise<void> {
    const queued = ids.flatMap((id) => {
      const receipt = this.#locations.get(id)?.receipt
      return receipt === undefined ? [] : [{ id, receipt }]
    })
    const idsByFile = this.#byFile(ids)
    await inBatches(queued, async (batch) => {
      await this.#queue.remove(batch)
      for (const { id } of batch) this.#locations.delete(id)
    })
    await forEachFile(idsByFile, (file, idsInFile) => this.#archived.remove(file, idsInFile))
  }

  /** Releases what was not removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const receipts = [...this.#locations.values()].flatMap(({ receipt }) => (receipt === undefined ? [] : [{ receipt }]))
    await inBatches(receipts, (batch) => this.#queue.putBack(batch)).catch(() => undefined) // they reappear after their visibility timeout
  }

  #byFile(ids: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
    const idsByFile = new Map<string, Set<string>>()
    for (const id of ids)
      for (const file of this.#locations.get(id)?.files ?? []) idsByFile.set(file, (idsByFile.get(file) ?? new Set()).add(id))
    return idsByFile
  }
}

/** Several files at a time: each quarantined dead letter is a file of its own. */
function forEachFile(
  idsByFile: ReadonlyMap<string, ReadonlySet<string>>,
  act: (file: string, ids: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  return inBatches([...idsByFile], async (batch) => {
    for (const [file, ids] of batch) await act(file, ids)
  })
}
