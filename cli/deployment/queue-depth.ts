import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Deployment } from './deployment.ts'

/** What is in the queues of an importer. */
export interface Waiting {
  readonly messages: number
  readonly deadLetters: number
}

export async function waitingIn({
  sqs,
  importQueueUrl,
  deadLetterQueueUrl,
}: Pick<Deployment, 'sqs' | 'importQueueUrl' | 'deadLetterQueueUrl'>): Promise<Waiting> {
  const [messages, deadLetters] = await Promise.all([countMessages(sqs, importQueueUrl), countMessages(sqs, deadLetterQueueUrl)])
  return { messages, deadLetters }
}

/** All messages of a queue: those that wait, those that are out, those that are delayed. */
export async function countMessages(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { ready, delayed } = await lookAt(sqs, queueUrl)
  return ready + delayed
}

/** @returns how many messages wait or are out, and how many are delayed */
export async function lookAt(sqs: SQSClient, queueUrl: string): Promise<{ readonly ready: number; readonly delayed: number }> {
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }))
  const [waiting = 0, out = 0, delayed = 0] = names.map((name) => Number(Attributes?.[name] ?? 0))
  return { ready: waiting + out, delayed }
}
