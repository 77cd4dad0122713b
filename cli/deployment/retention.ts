import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { Deployment } from './deployment.ts'

/** How long the dead-letter queue keeps a message. @returns undefined if no message expires */
export async function deadLetterRetentionMs({
  sqs,
  deadLetterQueueUrl,
  deadLettersExpire,
}: Deployment): Promise<number | undefined> {
  if (!deadLettersExpire) return undefined
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ['MessageRetentionPeriod'] }),
  )
  return Number(Attributes?.MessageRetentionPeriod) * 1000
}
