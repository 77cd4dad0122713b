import { clock } from '../../lambda/adapters/clock.ts'
import { sqsDeadLetterReader } from '../../lambda/adapters/sqs.ts'
import type { ArchivedDeadLetter } from '../../lambda/archive/archived.ts'
import { HeldDeadLetters } from '../../lambda/archive/held-dead-letters.ts'
import type { Clock, QueuedDeadLetter } from '../../lambda/ports.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { countMessages } from '../deployment/queue-depth.ts'
import { ArchivedFiles } from './archived-files.ts'
import { contentOf } from './content.ts'
import { countInUse } from './in-use.ts'
import { DeadLetterSelection } from './selection.ts'
import type { StoredDeadLetter } from './stored-dead-letter.ts'

export interface ScanOptions {
  /** The clock by which dead letters stay hidden. */
  readonly time?: Pick<Clock, 'now' | 'sleep'>
  /** Called for each dead letter that is read. */
  readonly onRead?: () => void
}

/**
 * Reads every dead letter in the queue and under `archived/`, and selects some.
 *
 * Reading a message hides it from other consumers. When the queue has been read, every message that is not selected is visible again.
 *
 * @param isSelected called once per dead letter
 * @returns what was selected; the caller disposes of it
 * @throws the error of S3 or SQS
 */
export async function scanDeadLetters(
  { s3, sqs, bucket, deadLetterQueueUrl }: Pick<Deployment, 's3' | 'sqs' | 'bucket' | 'deadLetterQueueUrl'>,
  isSelected: (deadLetter: StoredDeadLetter) => boolean,
  signal: AbortSignal,
  { time = clock, onRead = () => undefined }: ScanOptions = {},
): Promise<DeadLetterSelection> {
  const held = new HeldDeadLetters(sqsDeadLetterReader(sqs, deadLetterQueueUrl), time)
  const archived = new ArchivedFiles(s3, bucket)
  const selection = new DeadLetterSelection(held, archived)
  const seen = new Set<string>()
  try {
    const count = () => countMessages(sqs, deadLetterQueueUrl)
    const before = await count()
    const take = ({ id, body, sentAt }: QueuedDeadLetter): void => {
      onRead()
      seen.add(id)
      const deadLetter: StoredDeadLetter = {
        id,
        sentAt,
        body,
        content: contentOf(body),
        status: 'queued',
        isIncludedByDefault: true,
      }
      if (isSelected(deadLetter)) selection.add(id)
    }
    // Short polls that find nothing more, and two counts that ask for nothing more: together they are as sure as long polls.
    const isWhole = await held.takeAll(take, signal, async (taken) => taken >= Math.max(before, await count()))
    // Beyond the limit of one scan, nobody can tell what others hold.
    if (isWhole) selection.inUse = countInUse(before, await count(), seen.size)
    selection.isComplete = isWhole && selection.inUse === 0
    await held.release((id) => !selection.has(id))
    await archived.readAll(
      (deadLetter, file) => {
        onRead()
        const { id } = deadLetter
        // A run that was interrupted can leave a dead letter in two places. It is selected in both, and so removed from both.
        const isMatch = seen.has(id) ? selection.has(id) : isSelected(fromArchive(deadLetter))
        seen.add(id)
        if (isMatch) selection.add(id, file)
      },
      signal,
      ({ id, writtenAt }) => {
        onRead()
        // Never selected: this version cannot tell what it is.
        isSelected({ id, sentAt: writtenAt, body: '', content: { kind: 'newer' }, status: 'archived', isIncludedByDefault: true })
      },
    )
    return selection
  } catch (error) {
    await selection[Symbol.asyncDispose]()
    throw error
  }
}

function fromArchive({ id, sentAt, body, why }: ArchivedDeadLetter): StoredDeadLetter {
  return {
    id,
    sentAt: new Date(sentAt),
    body,
    content: contentOf(body),
    status: why === 'replayed' ? 'quarantined' : 'archived',
    isIncludedByDefault: why === 'old',
  }
}
