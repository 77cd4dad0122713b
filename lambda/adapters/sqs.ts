import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { ImportQueue, DeadLetterReader, DeadLetterQueue } from '../ports.ts'

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

/** A long poll asks all servers of the queue, a short poll only some. Amazon SQS, "Short and long polling". */
const LONG_POLL_SECONDS = 1

export function sqsDeadLetterReader(client: SQSClient, queueUrl: string): DeadLetterReader {
  const entriesOf = (deadLetters: readonly { readonly receipt: string }[]) =>
    deadLetters.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }))
  return {
    async take(hiddenSeconds) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: hiddenSeconds,
          WaitTimeSeconds: LONG_POLL_SECONDS,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      )
      return Messages.map(({ MessageId = '', Body = '', ReceiptHandle = '', Attributes }) => ({
        id: MessageId,
        body: Body,
        sentAt: new Date(Number(Attributes?.SentTimestamp ?? 0)),
        receipt: ReceiptHandle,
      }))
    },
    async putBack(deadLetters) {
      const Entries = entriesOf(deadLetters).map((entry) => ({ ...entry, VisibilityTimeout: 0 }))
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }))
    },
    async remove(deadLetters) {
      const { Failed = [] } = await client.send(
        new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entriesOf(deadLetters) }),
      )
      const [first] = Failed
      if (first !== undefined)
        throw new Error(`The dead-letter queue kept ${Failed.length} of its letters (${first.Code ?? 'unknown'}).`)
    },
  }
}

/** Has a message that was received be seen again after that many seconds, whatever was said of it before. */
export async function changeVisibility(
  client: SQSClient,
  queueUrl: string,
  receiptHandle: string,
  seconds: number,
): Promise<void> {
  await client.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }),
  )
}
