import { archivedKey } from '../keys.ts'
import { inBatches, takeAll } from './dead-letter-reader.ts'
import { ARCHIVED_SCHEMA, archivedText, type ArchivedDeadLetter } from './archived.ts'
import type { DeadLetterArchive, DeadLetterReader, QueuedDeadLetter } from '../ports.ts'

/** Letters that go into one file, by count and by length: few enough to be read at once. */
const MAX_DEAD_LETTERS = 1_000
const MOST_CHARACTERS = 8_000_000

export interface ArchiveOptions {
  readonly bucket: string
  readonly why: ArchivedDeadLetter['why']
  readonly isMeant: (deadLetter: QueuedDeadLetter) => boolean
  /** Raised when there is no more time. */
  readonly ending: AbortSignal
}

/** What a sweep counts. */
export interface ArchiveRun {
  readonly seen: number
  readonly archived: number
  /** Whether everything was looked at. */
  readonly isWhole: boolean
  /** The files that were written. */
  readonly keys: readonly string[]
}

interface Places {
  readonly deadLetterReader: DeadLetterReader
  readonly archived: DeadLetterArchive
  readonly clock: { now(): number }
  readonly newRun: () => string
}

/**
 * Moves dead letters out of their queue into files under `archived/`, and puts the others back.
 *
 * A letter is removed when its file is stored and not before, so a run that breaks off loses none; what it stored and did not remove is in
 * two places, and known by its id.
 *
 * @throws what S3 or SQS said; whatever was not stored is in the queue
 */
export async function archive(
  { deadLetterReader, archived, clock, newRun }: Places,
  options: ArchiveOptions,
): Promise<ArchiveRun> {
  const { bucket, why, isMeant, ending } = options
  const others: Pick<QueuedDeadLetter, 'receipt'>[] = []
  const run = newRun()
  const keys: string[] = []
  let stored = 0
  let seen = 0
  const store = async (deadLetters: readonly QueuedDeadLetter[]): Promise<void> => {
    if (deadLetters.length === 0) return
    const now = new Date(clock.now()).toISOString()
    const key = archivedKey(now.slice(0, 10), run, keys.length + 1)
    keys.push(key) // at once: another file may be stored beside it
    await archived.put(bucket, key, archivedText(deadLetters.map((deadLetter) => toArchived(deadLetter, why, now))))
    await inBatches(deadLetters, (batch) => deadLetterReader.remove(batch))
    stored += deadLetters.length
  }
  const pile = new Pile()
  try {
    const isWhole = await takeAll(
      deadLetterReader,
      async (deadLetter) => {
        seen += 1
        if (!isMeant(deadLetter))
          others.push({ receipt: deadLetter.receipt }) // its text need not be remembered
        else if (pile.add(deadLetter)) await store(pile.takeOff())
      },
      ending,
    )
    await store(pile.takeOff())
    return { seen, archived: stored, isWhole, keys }
  } finally {
    await inBatches([...others, ...pile.takeOff()], (batch) => deadLetterReader.putBack(batch))
  }
}

function toArchived(
  { id, body, sentAt }: QueuedDeadLetter,
  why: ArchivedDeadLetter['why'],
  archivedAt: string,
): ArchivedDeadLetter {
  return { schema: ARCHIVED_SCHEMA, id, sentAt: sentAt.toISOString(), archivedAt, why, body }
}

/** Letters that wait for a file of their own. */
class Pile {
  #deadLetters: QueuedDeadLetter[] = []
  #characters = 0

  /** @returns whether there are enough for a file */
  add(deadLetter: QueuedDeadLetter): boolean {
    this.#deadLetters.push(deadLetter)
    this.#characters += deadLetter.body.length
    return this.#deadLetters.length >= MAX_DEAD_LETTERS || this.#characters >= MOST_CHARACTERS
  }

  takeOff(): readonly QueuedDeadLetter[] {
    const deadLetters = this.#deadLetters
    this.#deadLetters = []
    this.#characters = 0
    return deadLetters
  }
}
