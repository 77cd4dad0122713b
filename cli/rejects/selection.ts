import type { Claim } from '../../lambda/archive/archived.ts'
import type { HeldDeadLetters } from '../../lambda/archive/held-dead-letters.ts'
import { inBatches } from '../../lambda/archive/in-batches.ts'
import type { ArchivedFiles } from './archived-files.ts'
import type { ClaimOutcome } from './claims.ts'

/** Dead letters that a command has selected. Those from the queue stay hidden from other consumers until they are removed or released. */
export class DeadLetterSelection implements AsyncDisposable {
  /** False if others hold some dead letters, the queue holds more than one scan can receive, or the scan was interrupted. */
  isComplete = true
  /** Dead letters of the queue that other readers held during the scan. */
  inUse = 0
  /** The files under `archived/` that a dead letter is in; none if it is only in the queue. */
  readonly #files = new Map<string, Set<string>>()
  readonly #held: HeldDeadLetters
  readonly #archived: ArchivedFiles

  constructor(held: HeldDeadLetters, archived: ArchivedFiles) {
    this.#held = held
    this.#archived = archived
  }

  has(id: string): boolean {
    return this.#files.has(id)
  }

  /** @param file under `archived/`; left out: it is in the queue */
  add(id: string, file?: string): void {
    const files = this.#files.get(id) ?? new Set()
    if (file !== undefined) files.add(file)
    this.#files.set(id, files)
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

  /** Whether no other consumer can take any of these dead letters from the queue within the next `ms`. */
  isHiddenFor(ids: readonly string[], ms: number): boolean {
    return this.#held.isHiddenFor(ids, ms)
  }

  /**
   * Deletes dead letters wherever they are stored. Call it only after what they contain is stored elsewhere.
   *
   * @returns whether they are certainly gone. Others can hold a copy, if not everything was seen.
   */
  async remove(ids: readonly string[]): Promise<boolean> {
    const isCertain = await this.#held.remove(ids)
    await forEachFile(this.#byFile(ids), (file, idsInFile) => this.#archived.remove(file, idsInFile))
    return isCertain && this.isComplete
  }

  /** Gives dead letters of files back that a run has claimed and does not remove. */
  async releaseClaims(ids: readonly string[], run: string): Promise<void> {
    await forEachFile(this.#byFile(ids), (file, idsInFile) => this.#archived.release(file, idsInFile, run))
  }

  /** Releases what was not removed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#held[Symbol.asyncDispose]()
  }

  #byFile(ids: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
    const idsByFile = new Map<string, Set<string>>()
    for (const id of ids)
      for (const file of this.#files.get(id) ?? []) idsByFile.set(file, (idsByFile.get(file) ?? new Set()).add(id))
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
