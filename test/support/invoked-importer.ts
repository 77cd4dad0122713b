import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../cli/local/services.ts'
import { createHandler, type Handler } from '../../lambda/app.ts'
import type { Log } from '../../lambda/events.ts'
import { TEST_WIRING } from './installation.ts'

type HttpRequest = Parameters<NodeHttpHandler['handle']>[0]

export interface InvokedOptions {
  readonly log: Log
  /** Settings of the function. */
  readonly env: Readonly<Record<string, string>>
  /** Called with each request of the function to S3 and SQS, when it was answered. */
  readonly onAnswer: (request: HttpRequest, status: number) => void
  /** The clock of the queues. */
  readonly now?: () => number
}

/** The handler and the emulators. The test delivers message by message, as Lambda does, and sees each request that the handler makes. */
export class InvokedImporter implements AsyncDisposable {
  readonly services: LocalServices
  readonly #handler: Handler
  readonly #dir: string

  private constructor(services: LocalServices, handler: Handler, dir: string) {
    this.services = services
    this.#handler = handler
    this.#dir = dir
  }

  static async start({ log, env, onAnswer, now = Date.now }: InvokedOptions): Promise<InvokedImporter> {
    const dir = await mkdtemp(path.join(tmpdir(), 'km-invoked-'))
    const services = await startLocalServices(dir, 0, TEST_WIRING, { now })
    const requestHandler = new ObservedHandler(onAnswer)
    const settings = {
      KM_IMPORT_QUEUE_URL: services.importQueueUrl,
      KM_DEAD_LETTER_QUEUE_URL: services.deadLetterQueueUrl,
      KM_BUCKET: BUCKET,
      ...env,
    }
    const clients = { s3: new S3Client({ requestHandler }), sqs: new SQSClient({ requestHandler }) }
    const importer = new InvokedImporter(services, createHandler(settings, log, clients), dir)
    await importer.#receive() // the test event with which S3 announces the notification
    return importer
  }

  /** Delivers the next message of the import queue to the handler, and deletes it. @returns false if the queue is empty */
  async deliver(): Promise<boolean> {
    const message = await this.#receive()
    if (message === undefined) return false
    const { MessageId: messageId, ReceiptHandle: receiptHandle, Body: body } = message
    const record = { eventSource: 'aws:sqs', messageId, receiptHandle, body, attributes: { ApproximateReceiveCount: '1' } }
    const answer = await this.#handler({ Records: [record] }, { getRemainingTimeInMillis: () => 900_000 })
    if (answer?.batchItemFailures.length !== 0) throw new Error(`The importer did not do the work of ${body ?? ''}`)
    const { sqs, importQueueUrl } = this.services
    await sqs.send(new DeleteMessageCommand({ QueueUrl: importQueueUrl, ReceiptHandle: receiptHandle }))
    return true
  }

  async send(message: object): Promise<void> {
    const { sqs, importQueueUrl } = this.services
    await sqs.send(new SendMessageCommand({ QueueUrl: importQueueUrl, MessageBody: JSON.stringify(message) }))
  }

  async #receive() {
    const { sqs, importQueueUrl } = this.services
    // Without a wait: the emulator has sent the event of an object before it answers the upload.
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: importQueueUrl, WaitTimeSeconds: 0 }))
    return Messages?.[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.services.stop()
    await rm(this.#dir, { recursive: true, force: true })
  }
}

class ObservedHandler extends NodeHttpHandler {
  readonly #onAnswer: InvokedOptions['onAnswer']

  constructor(onAnswer: InvokedOptions['onAnswer']) {
    super()
    this.#onAnswer = onAnswer
  }

  override async handle(...args: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    const answer = await super.handle(...args)
    this.#onAnswer(args[0], answer.response.statusCode)
    return answer
  }
}
