import * as v from 'valibot'
import { refuseNewer } from '../common/schema.ts'

export const ARCHIVED_SCHEMA = 'kissmetrics-importer/archived/v1'

// Unknown fields are kept when a file is written again: a newer version may have added them.
const Archived = v.looseObject({
  schema: v.literal(ARCHIVED_SCHEMA),
  id: v.pipe(v.string(), v.minLength(1)),
  sentAt: v.pipe(v.string(), v.isoTimestamp()),
  archivedAt: v.pipe(v.string(), v.isoTimestamp()),
  why: v.picklist(['old', 'asked', 'replayed', 'discarded']),
  body: v.string(),
  claim: v.exactOptional(v.looseObject({ file: v.string(), run: v.string(), at: v.pipe(v.string(), v.isoTimestamp()) })),
})

/**
 * A dead letter that was moved out of its queue: one line of a file under `archived/`.
 *
 * The message is kept as it was, even if the importer did not write it. Programs read these files: fields are added, never renamed.
 */
export interface ArchivedDeadLetter {
  readonly schema: typeof ARCHIVED_SCHEMA
  /** The message id. The same dead letter is in two files if a run failed between storing and deleting it. */
  readonly id: string
  /** When the message was sent to the queue, and when it was moved here: ISO 8601. */
  readonly sentAt: string
  readonly archivedAt: string
  /** SQS would soon have deleted it (old), a user asked for it (asked), its replays failed too often (replayed), or a user discarded it. */
  readonly why: 'old' | 'asked' | 'replayed' | 'discarded'
  /** The body of the message. */
  readonly body: string
  readonly claim?: Claim
}

/** A replay has taken the dead letter, and no other replay may send it. */
export interface Claim {
  /** Key of the file that the replay uploads. If that file exists, and is of this run, the line was sent. */
  readonly file: string
  /** Unique id of the run of the replay. */
  readonly run: string
  /** When the replay took it: ISO 8601. */
  readonly at: string
}

export function archivedText(deadLetters: readonly ArchivedDeadLetter[]): string {
  return deadLetters.map((deadLetter) => `${JSON.stringify(deadLetter)}\n`).join('')
}

/** @throws NewerVersionError, or Error naming the first line that is not an archived dead letter */
export function readArchived(text: string): readonly ArchivedDeadLetter[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => readArchivedLine(line, index + 1))
}

/** @param number from 1 @throws NewerVersionError, or Error naming the line if it is not an archived dead letter */
export function readArchivedLine(line: string, number: number): ArchivedDeadLetter {
  const value = parseJson(line)
  refuseNewer(value, ARCHIVED_SCHEMA, `Line ${number}`)
  const parsed = v.safeParse(Archived, value)
  if (parsed.success) return parsed.output
  throw new Error(`line ${number} is not an archived dead letter`)
}

/** @returns undefined if the text is not JSON */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
