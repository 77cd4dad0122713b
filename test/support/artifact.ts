import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../cli/local/services.ts'
import { API_KEY, QUICK_WAITS, TEST_WIRING } from './installation.ts'
import { Lambda, type LambdaOptions } from './lambda-runtime/lambda.ts'

export interface Uploaded {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
}

/** The function as AWS runs it: its bundle, read-only, under the runtime interface client, with emulated S3 and SQS. */
export class Artifact implements AsyncDisposable {
  /** The folder of the bundle. */
  readonly dir: string
  readonly services: LocalServices
  readonly #folder: string

  private constructor(folder: string, dir: string, services: LocalServices) {
    this.#folder = folder
    this.dir = dir
    this.services = services
  }

  /** @param makeBundle writes the bundle into the folder or below it @returns the folder of index.mjs */
  static async start(makeBundle: (folder: string) => Promise<string>): Promise<Artifact> {
    const folder = await mkdtemp(path.join(tmpdir(), 'km-artifact-'))
    const dir = await makeBundle(path.join(folder, 'bundle'))
    for (const name of await readdir(dir)) await chmod(path.join(dir, name), 0o444)
    await chmod(dir, 0o555)
    return new Artifact(
      folder,
      dir,
      await startLocalServices(path.join(folder, 'state'), 0, TEST_WIRING, { waitScale: QUICK_WAITS }),
    )
  }

  /** @param env more settings of the function */
  lambda(
    endpoint: string,
    env: Readonly<Record<string, string>> = {},
    options: Omit<LambdaOptions, 'bundleDir' | 'env'> = {},
  ): Promise<Lambda> {
    const { services } = this
    const importer = {
      AWS_ENDPOINT_URL_S3: services.s3Url,
      AWS_ENDPOINT_URL_SQS: services.sqsUrl,
      AWS_ACCESS_KEY_ID: services.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: services.credentials.secretAccessKey,
      KM_ENDPOINT: endpoint,
      KM_API_KEY: API_KEY,
      KM_IMPORT_QUEUE_URL: services.importQueueUrl,
      KM_BUCKET: BUCKET,
      KM_DEAD_LETTER_QUEUE_URL: services.deadLetterQueueUrl,
    }
    return Lambda.start({ bundleDir: this.dir, env: { ...importer, ...env }, ...options })
  }

  /** An SQS event, as the event source mapping of the function passes it. */
  fromQueue(...bodies: readonly string[]): unknown {
    return {
      Records: bodies.map((body, index) => ({
        messageId: `m${index}`,
        receiptHandle: 'r',
        body,
        attributes: { ApproximateReceiveCount: '1' },
        messageAttributes: {},
        eventSource: 'aws:sqs',
        eventSourceARN: this.services.importQueueArn,
        awsRegion: 'us-east-1',
      })),
    }
  }

  /** Stores an object whose event is not sent. */
  async put(name: string, body: string): Promise<Uploaded> {
    const key = `other/${name}`
    const { VersionId = '' } = await this.services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }))
    return { bucket: BUCKET, key, versionId: VersionId }
  }

  /** A JSON document of the bucket; undefined if there is none. */
  async read(key: string): Promise<unknown> {
    try {
      const { Body } = await this.services.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
      return JSON.parse((await Body?.transformToString()) ?? '') as unknown
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.services.stop()
    await chmod(this.dir, 0o755)
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** As S3 sends it to the import queue. */
export function s3Event(...files: readonly Pick<Uploaded, 'bucket' | 'key' | 'versionId'>[]): string {
  return JSON.stringify({
    Records: files.map(({ bucket, key, versionId }) => ({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: bucket }, object: { key: encodeURIComponent(key).replaceAll('%20', '+'), versionId } },
    })),
  })
}
