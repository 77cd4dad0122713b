import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { Deployment } from './deployment.ts'

/** How long the dead-letter queue keeps a message. */
export async function deadLetterRetentionMs({ sqs, deadLetterQueueUrl }: Deployment): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ['MessageRetentionPeriod'] }),
  )
  return Number(Attributes?.MessageRetentionPeriod) * 1000
}
