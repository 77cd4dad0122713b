import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { DeadLetterQueue } from '../settle/outbox.ts'

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

/** Lets a message of the import queue be seen again after that many seconds, instead of at the end of its long visibility timeout. */
export async function handBack(client: SQSClient, queueUrl: string, receiptHandle: string, delaySeconds: number): Promise<void> {
  await client.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: delaySeconds }),
  )
}
