import * as v from 'valibot'

export const ARCHIVED_SCHEMA = 'kissmetrics-importer/archived/v1'

const Archived = v.object({
  schema: v.literal(ARCHIVED_SCHEMA),
  id: v.pipe(v.string(), v.minLength(1)),
  sentAt: v.pipe(v.string(), v.isoTimestamp()),
  archivedAt: v.pipe(v.string(), v.isoTimestamp()),
  why: v.picklist(['old', 'asked', 'replayed']),
  body: v.string(),
})

/**
 * A dead letter that was moved out of its queue: one line of a file under `archived/`.
 *
 * Whatever lay in the queue is kept as it was, also what is no letter of ours. Programs read it, so a field is added, never renamed.
 */
export interface ArchivedDeadLetter {
  readonly schema: typeof ARCHIVED_SCHEMA
  /** Of the message. The same letter can be in two files, where a run broke off between storing and deleting it. */
  readonly id: string
  /** When it was sent to the queue, and when it was moved here: ISO 8601. */
  readonly sentAt: string
  readonly archivedAt: string
  /** It was near its end in the queue, a person asked for it, or it came back from replays too often. */
  readonly why: 'old' | 'asked' | 'replayed'
  /** The message as it was. */
  readonly body: string
}

export function archivedText(deadLetters: readonly ArchivedDeadLetter[]): string {
  return deadLetters.map((deadLetter) => `${JSON.stringify(deadLetter)}\n`).join('')
}

/** @throws Error naming the line that is none of ours */
export function readArchived(text: string): readonly ArchivedDeadLetter[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const parsed = v.safeParse(Archived, parseOrNothing(line))
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
