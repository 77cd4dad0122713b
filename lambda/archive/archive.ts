import { parkedKey } from '../keys.ts'
import { inBatches, takeAll, type LetterBox, type WaitingLetter } from './dead-letter-reader.ts'
import { PARKED_SCHEMA, parkedText, type ParkedLetter, type ParkedLetters } from './archived.ts'

/** Letters that go into one file, by count and by length: few enough to be read at once. */
const MOST_LETTERS = 1_000
const MOST_CHARACTERS = 8_000_000

export interface ParkOptions {
  readonly bucket: string
  readonly why: ParkedLetter['why']
  readonly isMeant: (letter: WaitingLetter) => boolean
  /** Raised when there is no more time. */
  readonly ending: AbortSignal
}

/** What a sweep counts. */
export interface Swept {
  readonly seen: number
  readonly parked: number
  /** Whether everything was looked at. */
  readonly isWhole: boolean
  /** The files that were written. */
  readonly keys: readonly string[]
}

interface Places {
  readonly letterBox: LetterBox
  readonly parked: ParkedLetters
  readonly clock: { now(): number }
  readonly newRun: () => string
}

/**
 * Moves dead letters out of their queue into files under `parked/`, and puts the others back.
 *
 * A letter is removed when its file is stored and not before, so a run that breaks off loses none; what it stored and did not remove is in
 * two places, and known by its id.
 *
 * @throws what S3 or SQS said; whatever was not stored is in the queue
 */
export async function park({ letterBox, parked, clock, newRun }: Places, options: ParkOptions): Promise<Swept> {
  const { bucket, why, isMeant, ending } = options
  const others: Pick<WaitingLetter, 'receipt'>[] = []
  const run = newRun()
  const keys: string[] = []
  let stored = 0
  let seen = 0
  const store = async (letters: readonly WaitingLetter[]): Promise<void> => {
    if (letters.length === 0) return
    const now = new Date(clock.now()).toISOString()
    const key = parkedKey(now.slice(0, 10), run, keys.length + 1)
    keys.push(key) // at once: another file may be stored beside it
    await parked.put(bucket, key, parkedText(letters.map((letter) => toParked(letter, why, now))))
    await inBatches(letters, (batch) => letterBox.remove(batch))
    stored += letters.length
  }
  const pile = new Pile()
  try {
    const isWhole = await takeAll(
      letterBox,
      async (letter) => {
        seen += 1
        if (!isMeant(letter))
          others.push({ receipt: letter.receipt }) // its text need not be remembered
        else if (pile.add(letter)) await store(pile.takeOff())
      },
      ending,
    )
    await store(pile.takeOff())
    return { seen, parked: stored, isWhole, keys }
  } finally {
    await inBatches([...others, ...pile.takeOff()], (batch) => letterBox.putBack(batch))
  }
}

function toParked({ id, body, sentAt }: WaitingLetter, why: ParkedLetter['why'], parkedAt: string): ParkedLetter {
  return { schema: PARKED_SCHEMA, id, sentAt: sentAt.toISOString(), parkedAt, why, body }
}

/** Letters that wait for a file of their own. */
class Pile {
  #letters: WaitingLetter[] = []
  #characters = 0

  /** @returns whether there are enough for a file */
  add(letter: WaitingLetter): boolean {
    this.#letters.push(letter)
    this.#characters += letter.body.length
    return this.#letters.length >= MOST_LETTERS || this.#characters >= MOST_CHARACTERS
  }

  takeOff(): readonly WaitingLetter[] {
    const letters = this.#letters
    this.#letters = []
    this.#characters = 0
    return letters
  }
}
