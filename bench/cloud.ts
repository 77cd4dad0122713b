import path from 'node:path'
import type { Readable } from 'node:stream'
import { CreateBucketCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Upload } from '@aws-sdk/lib-storage'
import { startS3 } from '../emulators/s3/server.ts'
import { startSqs } from '../emulators/sqs/server.ts'
import { API_KEY } from './peers/job.ts'

/** Longer than any message is hidden while its invocation lives. */
const HIDDEN_MS = 200_000
const BUCKET = 'bench'

export interface Uploaded {
  readonly bucket: string
  readonly key: string
  /** Of the function. */
  readonly env: Readonly<Record<string, string>>
  readonly queueUrl: string
}

/** The bucket and the queues of the function: emulators in this process, and one client of each. */
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

  /**
   * Stores a file under a new key: the importer skips one that it has imported before. Each has queues of its own, so that nothing of an
   * earlier one is left in them.
   */
  async upload(body: Readable, sinkUrl: string, inFlight: number): Promise<Uploaded> {
    this.#files += 1
    const key = `incoming/${this.#files}/file.json` // of its own prefix, so that no earlier file makes it unusual
    const queue = `import-${this.#files}`
    const deadLetters = `dead-letters-${this.#files}`
    const { s3, sqs } = this.#clients
    for (const QueueName of [queue, deadLetters])
      await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: '5400' } }))
    await new Upload({ client: s3, params: { Bucket: BUCKET, Key: key, Body: body } }).done()
    const queueUrl = this.#sqs.queueUrl(queue)
    return {
      bucket: BUCKET,
      key,
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

  /** Queues the event of an upload, as S3 does. */
  async queueEvent({ bucket, key, queueUrl }: Uploaded): Promise<void> {
    const object = { bucket: { name: bucket }, object: { key } }
    const event = { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: object }] }
    await this.#clients.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) }))
  }

  /** Deletes a file: those of the benchmark are large. */
  async remove({ bucket, key }: Uploaded): Promise<void> {
    await this.#clients.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
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
