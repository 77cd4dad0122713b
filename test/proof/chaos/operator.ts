import { appendFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  StartMessageMoveTaskCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { AwsReady } from './ipc-messages.ts'

const DEAD_LETTER = '"schema":"kissmetrics-importer/dead-letter/'
const LOOK_MS = 20

/** The operator of a run: stores dead letters, and redrives messages that SQS moved to the dead-letter queue. */
export class Operator {
  readonly #sqs: SQSClient
  readonly #urls: AwsReady
  readonly #file: string
  deadLetters = 0
  redrives = 0

  /** @param file stores the dead letters, one per line */
  constructor(sqs: SQSClient, urls: AwsReady, file: string) {
    this.#sqs = sqs
    this.#urls = urls
    this.#file = file
  }

  /** @returns whether something was redriven */
  async attend(): Promise<boolean> {
    const tasks = await this.#receiveDeadLetters()
    if (tasks.length === 0) return false
    for (const ReceiptHandle of tasks) {
      await this.#sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: this.#urls.deadLetterQueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
      )
    }
    await this.#redrive()
    return true
  }

  /** @returns receipt handles of the messages that are not dead letters */
  async #receiveDeadLetters(): Promise<readonly string[]> {
    const QueueUrl = this.#urls.deadLetterQueueUrl
    const tasks: string[] = []
    for (;;) {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      )
      if (Messages.length === 0) return tasks
      for (const { Body = '', ReceiptHandle = '' } of Messages) {
        if (!Body.includes(DEAD_LETTER)) {
          tasks.push(ReceiptHandle)
          continue
        }
        await appendFile(this.#file, `${Body}\n`)
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
        this.deadLetters += 1
      }
    }
  }

  /** The same as "Start DLQ redrive" in the AWS console. Dead letters that arrive meanwhile are redriven too, and are rejected again. */
  async #redrive(): Promise<void> {
    const { importQueueArn: DestinationArn } = this.#urls
    const SourceArn = DestinationArn.replace(/[^:]+$/, 'dead-letters')
    await this.#sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }))
    this.redrives += 1
    for (;;) {
      const { Results } = await this.#sqs.send(new ListMessageMoveTasksCommand({ SourceArn }))
      if (Results?.[0]?.Status !== 'RUNNING') return
      await delay(LOOK_MS)
    }
  }
}
