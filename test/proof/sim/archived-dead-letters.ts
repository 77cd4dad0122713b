import { readArchived, type ArchivedDeadLetter } from '../../../lambda/archive/archived.ts'
import { withClaim, type ClaimOutcome } from '../../../cli/rejects/claims.ts'
import type { Claim } from '../../../lambda/archive/archived.ts'
import type { Worker } from './worker.ts'

/** A file under `archived/`, as it was read. */
export interface ArchivedFile {
  readonly key: string
  readonly deadLetters: readonly ArchivedDeadLetter[]
}

/** The files of archived dead letters in the simulated bucket. A write succeeds only if the file is still as it was read. */
export class ArchivedDeadLetters {
  readonly #files = new Map<string, ArchivedFile>()
  readonly #onRemoved: (body: string) => void

  constructor(onRemoved: (body: string) => void) {
    this.#onRemoved = onRemoved
  }

  /** @returns the dead letters of the file; those that it had before are gone */
  put(key: string, text: string): readonly ArchivedDeadLetter[] {
    const deadLetters = readArchived(text)
    const before = this.#files.get(key)
    this.#files.set(key, { key, deadLetters })
    return before?.deadLetters ?? []
  }

  list(worker: Worker, fails: () => boolean): Promise<readonly ArchivedFile[]> {
    return worker.actOnAws(fails, () => [...this.#files.values()])
  }

  /** @returns whether it was written */
  claim(
    worker: Worker,
    fails: () => boolean,
    file: ArchivedFile,
    { outcomes, claim }: { readonly outcomes: ReadonlyMap<string, ClaimOutcome>; readonly claim: Claim },
  ): Promise<boolean> {
    return worker.actOnAws(fails, () => this.#replace(file, withClaim(file.deadLetters, outcomes, claim)))
  }

  /** Removes dead letters, wherever they are. */
  remove(worker: Worker, fails: () => boolean, ids: ReadonlySet<string>): Promise<void> {
    return worker.actOnAws(fails, () => {
      for (const file of [...this.#files.values()]) {
        const removed = file.deadLetters.filter(({ id }) => ids.has(id))
        if (removed.length === 0) continue
        this.#replace(
          file,
          file.deadLetters.filter(({ id }) => !ids.has(id)),
        )
        for (const { body } of removed) this.#onRemoved(body)
      }
    })
  }

  #replace(file: ArchivedFile, deadLetters: readonly ArchivedDeadLetter[]): boolean {
    if (this.#files.get(file.key) !== file) return false
    if (deadLetters.length === 0) this.#files.delete(file.key)
    else this.#files.set(file.key, { key: file.key, deadLetters })
    return true
  }
}
