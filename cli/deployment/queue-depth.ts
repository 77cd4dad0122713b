import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Deployment } from './deployment.ts'

/** Messages in the two queues of an importer. SQS counts approximately. */
export interface QueueDepths {
  readonly messages: number
  readonly deadLetters: number
}

export async function queueDepths({
  sqs,
  importQueueUrl,
  deadLetterQueueUrl,
}: Pick<Deployment, 'sqs' | 'importQueueUrl' | 'deadLetterQueueUrl'>): Promise<QueueDepths> {
  const [messages, deadLetters] = await Promise.all([countMessages(sqs, importQueueUrl), countMessages(sqs, deadLetterQueueUrl)])
  return { messages, deadLetters }
}

/** All messages of a queue: waiting, in flight and delayed. */
export async function countMessages(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { active, delayed } = await queueDepth(sqs, queueUrl)
  return active + delayed
}

/** `active` are the messages that wait or are in flight. */
export async function queueDepth(
  sqs: SQSClient,
  queueUrl: string,
): Promise<{ readonly active: number; readonly delayed: number }> {
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }))
  const [waiting = 0, inFlight = 0, delayed = 0] = names.map((name) => Number(Attributes?.[name] ?? 0))
  return { active: waiting + inFlight, delayed }
}
