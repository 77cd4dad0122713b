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
import type { CloudReady } from './messages.ts'

const DEAD_LETTER = '"schema":"kissmetrics-importer/dead-letter/'
const LOOK_MS = 20

/** The operator of a run: keeps the dead letters, and sends back what came to their queue only because it was delivered too often. */
export class Operator {
  readonly #sqs: SQSClient
  readonly #urls: CloudReady
  readonly #file: string
  deadLetters = 0
  redrives = 0

  /** @param file that takes the bodies of the letters, one a line */
  constructor(sqs: SQSClient, urls: CloudReady, file: string) {
    this.#sqs = sqs
    this.#urls = urls
    this.#file = file
  }

  /** @returns whether something was sent back */
  async attend(): Promise<boolean> {
    const untested = await this.#receiveDeadLetters()
    if (untested.length === 0) return false
    for (const ReceiptHandle of untested) {
      await this.#sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: this.#urls.deadLetterQueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
      )
    }
    await this.#redrive()
    return true
  }

  /** @returns receipts of the messages that are no dead letters */
  async #receiveDeadLetters(): Promise<readonly string[]> {
    const QueueUrl = this.#urls.deadLetterQueueUrl
    const untested: string[] = []
    for (;;) {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      )
      if (Messages.length === 0) return untested
      for (const { Body = '', ReceiptHandle = '' } of Messages) {
        if (!Body.includes(DEAD_LETTER)) {
          untested.push(ReceiptHandle)
          continue
        }
        await appendFile(this.#file, `${Body}\n`)
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
        this.deadLetters += 1
      }
    }
  }

  /** As the console's "Start DLQ redrive". A letter that came meanwhile goes along; it is tried again and comes back. */
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
