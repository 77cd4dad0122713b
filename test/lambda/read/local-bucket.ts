import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { S3Faults } from '../../../emulators/s3/faults.ts'
import { startS3, type S3Emulator } from '../../../emulators/s3/server.ts'
import { s3Client } from '../../../lambda/adapters/s3-client.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'

const BUCKET = 'files'
const VERSIONED_BUCKET = 'versioned-files'

/**
 * The importer's own client, for a server on this computer.
 *
 * Its socket timeout is the product's 30 s, unless a test asks for less. With a short one, a busy computer makes the SDK repeat a request
 * before the response arrives; the injected fault then hits a response that no client reads.
 */
export function clientFor(url: string, options: { readonly socketTimeoutMs?: number } = {}): S3Client {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
  })
  return s3Client(options)
}

/** Removes the pauses before the retries of the SDK. When and how often it retries stays the same. */
async function removeRetryDelays(s3: S3Client): Promise<void> {
  const noDelay = { setDelayBase: () => undefined, computeNextBackoffDelay: () => 0 }
  Object.assign(await s3.config.retryStrategy(), { retryBackoffStrategy: noDelay })
}

/** The S3 emulator with two buckets, one of them with versioning. */
export class LocalBuckets implements AsyncDisposable {
  readonly s3: S3Client
  readonly faults: S3Faults
  readonly #server: S3Emulator
  readonly #dir: string

  private constructor(server: S3Emulator, s3: S3Client, dir: string) {
    this.#server = server
    this.s3 = s3
    this.faults = server.faults
    this.#dir = dir
  }

  static async start(): Promise<LocalBuckets> {
    const dir = await mkdtemp(path.join(tmpdir(), 'km-files-'))
    const server = await startS3({ dir })
    const s3 = clientFor(server.url)
    await removeRetryDelays(s3)
    for (const Bucket of [BUCKET, VERSIONED_BUCKET]) await s3.send(new CreateBucketCommand({ Bucket }))
    const VersioningConfiguration = { Status: 'Enabled' as const }
    await s3.send(new PutBucketVersioningCommand({ Bucket: VERSIONED_BUCKET, VersioningConfiguration }))
    return new LocalBuckets(server, s3, dir)
  }

  /** @returns the file as its S3 event names it */
  async put(
    body: Buffer | string,
    { key = 'incoming/a b+ü.json', isVersioned = false, metadata = {} } = {},
  ): Promise<SourceFile> {
    const bucket = isVersioned ? VERSIONED_BUCKET : BUCKET
    const { ETag, VersionId } = await this.s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body), Metadata: metadata }),
    )
    return { bucket, key, ...(VersionId !== undefined && { versionId: VersionId }), etag: (ETag ?? '').replaceAll('"', '') }
  }

  /** Deletes the object. With versioning, a delete marker hides it, unless a version is named. */
  async remove({ bucket, key, versionId }: Omit<SourceFile, 'etag'>): Promise<void> {
    await this.s3.send(
      new DeleteObjectCommand({ Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.s3.destroy()
    await this.#server.stop()
    await rm(this.#dir, { recursive: true, force: true })
  }
}
