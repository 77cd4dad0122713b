import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'

/** All messages of a queue: those that wait, those that are out, those that are delayed. */
export async function countMessages(sqs: SQSClient, queueUrl: string): Promise<number> {
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }))
  return names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0)
}
