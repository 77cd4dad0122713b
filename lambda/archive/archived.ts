import * as v from 'valibot'

export const PARKED_SCHEMA = 'kissmetrics-importer/parked/v1'

const Parked = v.object({
  schema: v.literal(PARKED_SCHEMA),
  id: v.pipe(v.string(), v.minLength(1)),
  sentAt: v.pipe(v.string(), v.isoTimestamp()),
  parkedAt: v.pipe(v.string(), v.isoTimestamp()),
  why: v.picklist(['old', 'asked', 'replayed']),
  body: v.string(),
})

/**
 * A dead letter that was moved out of its queue: one line of a file under `parked/`.
 *
 * Whatever lay in the queue is kept as it was, also what is no letter of ours. Programs read it, so a field is added, never renamed.
 */
export interface ParkedLetter {
  readonly schema: typeof PARKED_SCHEMA
  /** Of the message. The same letter can be in two files, where a run broke off between storing and deleting it. */
  readonly id: string
  /** When it was sent to the queue, and when it was moved here: ISO 8601. */
  readonly sentAt: string
  readonly parkedAt: string
  /** It was near its end in the queue, a person asked for it, or it came back from replays too often. */
  readonly why: 'old' | 'asked' | 'replayed'
  /** The message as it was. */
  readonly body: string
}

/** The bucket, seen from what is parked in it. Rejects where S3 does not take it. */
export interface ParkedLetters {
  put(bucket: string, key: string, text: string): Promise<void>
}

export function parkedText(letters: readonly ParkedLetter[]): string {
  return letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
}

/** @throws Error naming the line that is none of ours */
export function readParked(text: string): readonly ParkedLetter[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const parsed = v.safeParse(Parked, parseOrNothing(line))
      if (parsed.success) return parsed.output
      throw new Error(`line ${index + 1} is no parked letter`)
    })
}

function parseOrNothing(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
