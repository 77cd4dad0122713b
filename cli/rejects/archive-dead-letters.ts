import { randomUUID } from 'node:crypto'
import { clock } from '../../lambda/adapters/clock.ts'
import { s3DeadLetterArchive } from '../../lambda/adapters/s3-documents.ts'
import { sqsDeadLetterReader } from '../../lambda/adapters/sqs.ts'
import { archive, type ArchiveOptions, type ArchiveRun } from '../../lambda/archive/archive.ts'
import type { QueuedDeadLetter } from '../../lambda/ports.ts'
import type { Deployment } from '../deployment/deployment.ts'

/** The daily job of the stack archives dead letters of this age. */
export const DEFAULT_AGE_DAYS = 10

const DAY_MS = 24 * 3_600_000

/** Whether a dead letter was sent at least this many days ago. */
export function isOlderThan(days: number, now: number): (deadLetter: Pick<QueuedDeadLetter, 'sentAt'>) => boolean {
  return ({ sentAt }) => sentAt.getTime() <= now - days * DAY_MS
}

/**
 * Moves dead letters from the queue to files under `archived/`.
 *
 * @param why stored with each dead letter: `old`, or `asked` if a person selected it
 * @param matches default: those of the age that the stack archives
 */
export function archiveDeadLetters(
  { s3, sqs, bucket, deadLetterQueueUrl }: Deployment,
  {
    why,
    matches = isOlderThan(DEFAULT_AGE_DAYS, Date.now()),
  }: { readonly why: ArchiveOptions['why']; readonly matches?: (deadLetter: QueuedDeadLetter) => boolean },
  signal: AbortSignal,
): Promise<ArchiveRun> {
  return archive(
    {
      deadLetterReader: sqsDeadLetterReader(sqs, deadLetterQueueUrl),
      archived: s3DeadLetterArchive(s3),
      clock,
      newRun: randomUUID,
    },
    { bucket, why, matches, ending: signal },
  )
}
