import { createReadStream } from 'node:fs'
import path from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Upload } from '@aws-sdk/lib-storage'
import { startS3 } from '../../emulators/s3/server.ts'
import { startSqs } from '../../emulators/sqs/server.ts'
import { API_KEY } from './job.ts'

/** Longer than any message is hidden while its invocation lives. */
const HIDDEN_MS = 200_000
const BUCKET = 'bench'

export interface Uploaded {
  readonly env: Readonly<Record<string, string>>
  readonly queueUrl: string
}

/** The bucket and the queues of the function. */
export class Cloud implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack
  readonly #s3Url: string
  readonly #sqs
  readonly #clients: { readonly s3: S3Client; readonly sqs: SQSClient }
  readonly #advance: () => void
  #files = 0

  private constructor(
    stack: AsyncDisposableStack,
    s3Url: string,
    sqs: Awaited<ReturnType<typeof startSqs>>,
    advance: () => void,
  ) {
    this.#stack = stack
    this.#s3Url = s3Url
    this.#sqs = sqs
    this.#advance = advance
    const shared = { region: 'us-east-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } }
    this.#clients = {
      s3: new S3Client({ ...shared, endpoint: s3Url, forcePathStyle: true }),
      sqs: new SQSClient({ ...shared, endpoint: sqs.url }),
    }
  }

  static async start(folder: string): Promise<Cloud> {
    const stack = new AsyncDisposableStack()
    let skew = 0
    const s3 = await startS3({ dir: path.join(folder, 's3') })
    stack.defer(() => s3.stop())
    const sqs = await startSqs({ dir: path.join(folder, 'sqs'), now: () => Date.now() + skew })
    stack.defer(() => sqs.stop())
    const cloud = new Cloud(stack, s3.url, sqs, () => {
      skew += HIDDEN_MS
      sqs.clockMoved()
    })
    await cloud.#clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
    return cloud
  }

  /** Each file has queues of its own, so that nothing of an earlier one is left in them. */
  async upload(file: string, sinkUrl: string, inFlight: number): Promise<Uploaded> {
    this.#files += 1
    const key = `incoming/${this.#files}.json`
    const queue = `import-${this.#files}`
    const deadLetters = `dead-letters-${this.#files}`
    const { s3, sqs } = this.#clients
    for (const QueueName of [queue, deadLetters])
      await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: '5400' } }))
    await new Upload({ client: s3, params: { Bucket: BUCKET, Key: key, Body: createReadStream(file) } }).done()
    const object = { bucket: { name: BUCKET }, object: { key } }
    const event = { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: object }] }
    const queueUrl = this.#sqs.queueUrl(queue)
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) }))
    return {
      queueUrl,
      env: {
        AWS_ENDPOINT_URL_S3: this.#s3Url,
        AWS_ENDPOINT_URL_SQS: this.#sqs.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'bench',
        AWS_SECRET_ACCESS_KEY: 'bench',
        KM_ENDPOINT: sinkUrl,
        KM_API_KEY: API_KEY,
        KM_IMPORT_QUEUE_URL: queueUrl,
        KM_DEAD_LETTER_QUEUE_URL: this.#sqs.queueUrl(deadLetters),
        KM_BUCKET: BUCKET,
        KM_MAX_IN_FLIGHT: String(inFlight),
      },
    }
  }

  /** After a kill: lets the time pass for which SQS hides the message of an invocation. The lease in the bucket still has to end by itself. */
  passHiddenTime(): void {
    this.#advance()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#clients.s3.destroy()
    this.#clients.sqs.destroy()
    return this.#stack.disposeAsync()
  }
}
