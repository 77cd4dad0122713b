import { archivedKey } from '../keys.ts'
import { HeldDeadLetters } from './held-dead-letters.ts'
import { ARCHIVED_SCHEMA, archivedText, type ArchivedDeadLetter } from './archived.ts'
import type { Clock, DeadLetterArchive, DeadLetterReader, QueuedDeadLetter } from '../ports.ts'

/** The limits of one file of dead letters, so that it can be read into memory. */
const MAX_DEAD_LETTERS = 1_000
const MAX_CHARACTERS = 8_000_000

export interface ArchiveOptions {
  readonly bucket: string
  readonly why: ArchivedDeadLetter['why']
  /** Whether to archive a dead letter. The others stay in the queue. */
  readonly matches: (deadLetter: QueuedDeadLetter) => boolean
  /** Aborted when there is no more time. */
  readonly ending: AbortSignal
}

/** The counts of one run. */
export interface ArchiveRun {
  readonly seen: number
  readonly archived: number
  /** Whether every dead letter in the queue was seen. */
  readonly isWhole: boolean
  /** The files that were written. */
  readonly keys: readonly string[]
}

interface ArchivePorts {
  readonly deadLetterReader: DeadLetterReader
  readonly archived: DeadLetterArchive
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly newRun: () => string
}

/**
 * Moves dead letters from their queue into files under `archived/`, and returns the others to the queue.
 *
 * A dead letter is removed from the queue only after its file is stored, so a run that fails loses none. One that was stored but not
 * removed is in both places, with the same id.
 *
 * @throws the error of S3 or SQS; dead letters that were not stored are still in the queue
 */
export async function archive(
  { deadLetterReader, archived, clock, newRun }: ArchivePorts,
  options: ArchiveOptions,
): Promise<ArchiveRun> {
  const { bucket, why, matches, ending } = options
  await using held = new HeldDeadLetters(deadLetterReader, clock)
  const run = newRun()
  const keys: string[] = []
  let stored = 0
  let seen = 0
  const store = async (deadLetters: readonly QueuedDeadLetter[]): Promise<void> => {
    if (deadLetters.length === 0) return
    const now = new Date(clock.now()).toISOString()
    const key = archivedKey(now.slice(0, 10), run, keys.length + 1)
    keys.push(key) // before any await: another file may be stored at the same time
    await archived.put(bucket, key, archivedText(deadLetters.map((deadLetter) => toArchived(deadLetter, why, now))))
    await held.remove(deadLetters.map(({ id }) => id))
    stored += deadLetters.length
  }
  const part = new Part()
  const isWhole = await held.takeAll(async (deadLetter) => {
    seen += 1
    if (matches(deadLetter) && part.add(deadLetter)) await store(part.take())
  }, ending)
  await store(part.take())
  return { seen, archived: stored, isWhole, keys }
}

function toArchived(
  { id, body, sentAt }: QueuedDeadLetter,
  why: ArchivedDeadLetter['why'],
  archivedAt: string,
): ArchivedDeadLetter {
  return { schema: ARCHIVED_SCHEMA, id, sentAt: sentAt.toISOString(), archivedAt, why, body }
}

/** The dead letters for the next file. */
class Part {
  #deadLetters: QueuedDeadLetter[] = []
  #characters = 0

  /** @returns whether the file is full */
  add(deadLetter: QueuedDeadLetter): boolean {
    this.#deadLetters.push(deadLetter)
    this.#characters += deadLetter.body.length
    return this.#deadLetters.length >= MAX_DEAD_LETTERS || this.#characters >= MAX_CHARACTERS
  }

  take(): readonly QueuedDeadLetter[] {
    const deadLetters = this.#deadLetters
    this.#deadLetters = []
    this.#characters = 0
    return deadLetters
  }
}
