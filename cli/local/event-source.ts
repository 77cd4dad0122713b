import { setTimeout as delay } from 'node:timers/promises'
import { DeleteMessageCommand, ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs'
import type { SQSEvent } from 'aws-lambda'
import type { Handler } from '../../lambda/app.ts'
import type { InvocationContext } from '../../lambda/ports.ts'

export interface EventSourceOptions {
  readonly queueUrl: string
  readonly queueArn: string
  readonly batchSize: number
  /** Maximum duration of an invocation. */
  readonly timeoutMs: number
  /** Concurrent invocations. */
  readonly concurrency: number
  /** Called if receiving, invoking or deleting fails. */
  readonly onError: (error: unknown) => void
}

/** Time for running invocations to end after `stop`. */
const GRACE_MS = 2_000

/** Lambda's event source mapping: receives messages, invokes the handler, and deletes the messages that it acknowledged. */
export class EventSource {
  readonly #sqs: SQSClient
  readonly #handler: Handler
  readonly #options: EventSourceOptions
  readonly #stopping = new AbortController()
  readonly #pollers: readonly Promise<void>[]
  #busy = 0

  constructor(sqs: SQSClient, handler: Handler, options: EventSourceOptions) {
    this.#sqs = sqs
    this.#handler = handler
    this.#options = options
    this.#pollers = Array.from({ length: options.concurrency }, () => this.#poll())
  }

  get isIdle(): boolean {
    return this.#busy === 0
  }

  /** Stops receiving, and waits for running invocations, but not longer than GRACE_MS. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.race([Promise.all(this.#pollers), delay(GRACE_MS, undefined, { ref: false })])
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  async #poll(): Promise<void> {
    while (!this.#isStopping()) {
      try {
        const messages = await this.#receive()
        if (messages.length === 0) continue
        this.#busy += 1
        await this.#invoke(messages).finally(() => {
          this.#busy -= 1
        })
      } catch (error) {
        if (!this.#isStopping()) this.#options.onError(error)
      }
    }
  }

  async #receive(): Promise<readonly Message[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#options.queueUrl,
        MaxNumberOfMessages: Math.min(10, this.#options.batchSize),
        WaitTimeSeconds: 20,
        MessageSystemAttributeNames: ['All'],
      }),
      { abortSignal: this.#stopping.signal },
    )
    return Messages
  }

  #context(): InvocationContext {
    const end = performance.now() + this.#options.timeoutMs
    return { getRemainingTimeInMillis: () => end - performance.now(), stopping: this.#stopping.signal }
  }

  /** If the handler throws, no message is deleted: all become visible again when their visibility timeout ends. */
  async #invoke(messages: readonly Message[]): Promise<void> {
    const response = await this.#handler(toEvent(messages, this.#options.queueArn), this.#context())
    const failed = new Set(response?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
    for (const { MessageId = '', ReceiptHandle } of messages) {
      if (failed.has(MessageId)) continue
      await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#options.queueUrl, ReceiptHandle }))
    }
  }
}

function toEvent(messages: readonly Message[], queueArn: string): SQSEvent {
  return {
    Records: messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', MD5OfBody = '', Attributes = {} }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: {
        ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
        SentTimestamp: Attributes.SentTimestamp ?? '0',
        SenderId: Attributes.SenderId ?? 'local',
        ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '0',
      },
      messageAttributes: {},
      md5OfBody: MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: 'us-east-1',
    })),
  }
}
