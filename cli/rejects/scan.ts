import { sqsDeadLetterReader } from '../../lambda/adapters/sqs.ts'
import { inBatches, takeAll } from '../../lambda/archive/dead-letter-reader.ts'
import type { ArchivedDeadLetter } from '../../lambda/archive/archived.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { countMessages } from '../deployment/queue-depth.ts'
import { ArchivedFiles } from './archived-files.ts'
import { contentOf } from './content.ts'
import { countInUse } from './in-use.ts'
import { DeadLetterSelection } from './selection.ts'
import type { StoredDeadLetter } from './stored-dead-letter.ts'

/**
 * Reads every dead letter in the queue and under `archived/`, and selects some.
 *
 * Reading a message hides it from other consumers. When the scan ends or is interrupted, every message that is not selected is visible again.
 *
 * @param isSelected called once per dead letter
 * @returns what was selected; the caller disposes of it
 * @throws the error of S3 or SQS
 */
export async function scanDeadLetters(
  { s3, sqs, bucket, deadLetterQueueUrl }: Pick<Deployment, 's3' | 'sqs' | 'bucket' | 'deadLetterQueueUrl'>,
  isSelected: (deadLetter: StoredDeadLetter) => boolean,
  signal: AbortSignal,
): Promise<DeadLetterSelection> {
  const queue = sqsDeadLetterReader(sqs, deadLetterQueueUrl)
  const archived = new ArchivedFiles(s3, bucket)
  const selection = new DeadLetterSelection(queue, archived)
  const notSelected: { readonly receipt: string }[] = []
  const seen = new Set<string>()
  try {
    const before = await countMessages(sqs, deadLetterQueueUrl)
    const isWhole = await takeAll(
      queue,
      ({ id, body, sentAt, receipt }) => {
        seen.add(id)
        const content = contentOf(body)
        if (isSelected({ id, sentAt, body, content, status: 'queued', isIncludedByDefault: true })) selection.add(id, { receipt })
        else notSelected.push({ receipt })
      },
      signal,
    )
    // Beyond the limit of one scan, nobody can tell what others hold.
    if (isWhole) selection.inUse = countInUse(before, await countMessages(sqs, deadLetterQueueUrl), seen.size)
    selection.isComplete = isWhole && selection.inUse === 0
    await archived.readAll((deadLetter, file) => {
      const { id } = deadLetter
      // A run that was interrupted can leave a dead letter in two places. It is selected in both, and so removed from both.
      const isMatch = seen.has(id) ? selection.has(id) : isSelected(fromArchive(deadLetter))
      seen.add(id)
      if (isMatch) selection.add(id, { file })
    }, signal)
    return selection
  } catch (error) {
    await selection[Symbol.asyncDispose]()
    throw error
  } finally {
    await inBatches(notSelected, (batch) => queue.putBack(batch)).catch(() => undefined) // they reappear after their visibility timeout
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
