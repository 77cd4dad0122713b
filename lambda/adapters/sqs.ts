import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { DeadLetterQueue } from '../settle/outbox.ts'
import type { ImportQueue } from '../world.ts'

export function deadLetterQueueAt(client: SQSClient, queueUrl: string): DeadLetterQueue {
  return {
    async sendBatch(batch) {
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: batch.map(({ body, attributes }, index) => ({
            Id: String(index),
            MessageBody: body,
            MessageAttributes: Object.fromEntries(
              Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
            ),
          })),
        }),
      )
      return Failed.map(({ Id, Code, SenderFault }) => ({
        index: Number(Id),
        code: Code ?? 'unknown',
        isSenderFault: SenderFault === true,
      }))
    },
  }
}

export function importQueueAt(client: SQSClient, queueUrl: string): ImportQueue {
  return {
    async send(body, delaySeconds) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, DelaySeconds: delaySeconds }))
    },
  }
}

/** Has a message that was received be seen again after that many seconds, whatever was said of it before. */
export async function showAgainIn(client: SQSClient, queueUrl: string, receiptHandle: string, seconds: number): Promise<void> {
  await client.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }),
  )
}
