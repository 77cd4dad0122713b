import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { DeadLetterQueue, DeadLetterReader, ImportQueue } from '../ports.ts'
import { orSetupError } from './aws-errors.ts'

export function sqsDeadLetterQueue(client: SQSClient, queueUrl: string): DeadLetterQueue {
  return {
    async sendBatch(batch) {
      const command = new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map(({ body, attributes }, index) => ({
          Id: String(index),
          MessageBody: body,
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
          ),
        })),
      })
      const { Failed = [] } = await orSetupError(client.send(command), 'send dead letters')
      return Failed.map(({ Id, Code, SenderFault }) => ({
        index: Number(Id),
        code: Code ?? 'unknown',
        isSenderFault: SenderFault === true,
      }))
    },
  }
}

export function sqsImportQueue(client: SQSClient, queueUrl: string): ImportQueue {
  return {
    async send(body, delaySeconds) {
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, DelaySeconds: delaySeconds })
      await orSetupError(client.send(command), 'queue the rest of its work')
    },
  }
}

/** The shortest wait that makes a request a long poll. */
const WAIT_SECONDS = 1

export function sqsDeadLetterReader(client: SQSClient, queueUrl: string): DeadLetterReader {
  const entriesOf = (deadLetters: readonly { readonly receipt: string }[]) =>
    deadLetters.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }))
  return {
    async take(hiddenSeconds, polling = 'long') {
      const command = new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: hiddenSeconds,
        WaitTimeSeconds: polling === 'long' ? WAIT_SECONDS : 0,
        MessageSystemAttributeNames: ['SentTimestamp'],
      })
      const { Messages = [] } = await orSetupError(client.send(command), 'read the dead-letter queue')
      return Messages.map(({ MessageId = '', Body = '', ReceiptHandle = '', Attributes }) => ({
        id: MessageId,
        body: Body,
        sentAt: new Date(Number(Attributes?.SentTimestamp ?? 0)),
        receipt: ReceiptHandle,
      }))
    },
    async keepHidden(deadLetters, hiddenSeconds) {
      const Entries = entriesOf(deadLetters).map((entry) => ({ ...entry, VisibilityTimeout: hiddenSeconds }))
      const { Successful = [] } = await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }))
      const accepted = new Set(Successful.map(({ Id }) => Id))
      return deadLetters.filter((_, index) => accepted.has(String(index)))
    },
    async putBack(deadLetters) {
      const Entries = entriesOf(deadLetters).map((entry) => ({ ...entry, VisibilityTimeout: 0 }))
      const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries })
      await orSetupError(client.send(command), 'return dead letters to their queue')
    },
    async remove(deadLetters) {
      const command = new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entriesOf(deadLetters) })
      const { Failed = [] } = await orSetupError(client.send(command), 'delete dead letters')
      const [first] = Failed
      if (first !== undefined)
        throw new Error(`${Failed.length} dead letters could not be deleted from the queue (${first.Code ?? 'unknown'}).`)
    },
  }
}

/** Error names that say: the message was deleted, or is visible again. Others can mean that SQS is busy. */
const NOT_IN_FLIGHT = ['InvalidParameterValue', 'InvalidParameterValueException', 'MessageNotInflight']

/**
 * Makes a received message visible again after `seconds`, and replaces any earlier timeout.
 *
 * @returns false if the message was deleted, or is visible already
 * @see Amazon SQS API Reference, ChangeMessageVisibility, "Errors"
 */
export async function changeVisibility(
  client: SQSClient,
  queueUrl: string,
  receiptHandle: string,
  seconds: number,
): Promise<boolean> {
  const request = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }
  try {
    await client.send(new ChangeMessageVisibilityCommand(request))
    return true
  } catch (error) {
    if (error instanceof Error && NOT_IN_FLIGHT.includes(error.name)) return false
    throw error
  }
}
