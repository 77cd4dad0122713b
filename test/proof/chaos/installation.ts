import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { decideOnDeployment } from '../../../cli/safety/decide.ts'
import { countMessages } from '../../../cli/deployment/queue-depth.ts'
import { reportKey } from '../../../lambda/keys.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import type { FileEvidence } from './evidence.ts'
import type { AwsProcess } from './processes.ts'

/** The bucket and the queues of a run, for its user. */
export class Installation {
  readonly sqs: SQSClient
  readonly #s3: S3Client
  readonly #folder: string
  readonly #importQueueUrl: string
  /** Files that have their final report. */
  readonly #reported = new Set<string>()
  readonly #released = new Set<string>()

  /** @param folder of the evidence */
  constructor({ urls }: AwsProcess, folder: string) {
    const common = { region: 'us-east-1', credentials: urls.credentials }
    this.sqs = new SQSClient({ ...common, endpoint: urls.sqsUrl })
    this.#s3 = new S3Client({ ...common, endpoint: urls.s3Url, forcePathStyle: true })
    this.#folder = folder
    this.#importQueueUrl = urls.importQueueUrl
  }

  async file(file: string, isGzipped: boolean): Promise<FileEvidence> {
    const whole = path.join(this.#folder, file)
    const key = `incoming/${file}`
    const { size } = await stat(whole)
    const { VersionId: versionId = '' } = await this.#s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: createReadStream(whole), ContentLength: size }),
    )
    return { key, versionId, file, isGzipped, report: `${file}.report.json` }
  }

  /**
   * Stores the final report of each file. A file is released if it is held, because its survey was killed too often.
   *
   * @returns how many files have one
   */
  async storeReports(files: readonly FileEvidence[]): Promise<number> {
    for (const { key, versionId, report } of files) {
      if (this.#reported.has(key)) continue
      const text = await this.#read(reportKey({ bucket: BUCKET, key, versionId }))
      if (text === undefined) continue
      const stored = JSON.parse(text) as Report
      if (stored.state === 'held') await this.#release(stored)
      if (!isFinal(stored)) continue
      await writeFile(path.join(this.#folder, report), text)
      this.#reported.add(key)
    }
    return this.#reported.size
  }

  async #release(report: Report): Promise<void> {
    if (this.#released.has(report.file.key)) return
    const deployment = { s3: this.#s3, sqs: this.sqs, bucket: BUCKET, importQueueUrl: this.#importQueueUrl }
    await decideOnDeployment(deployment, report, 'released')
    this.#released.add(report.file.key)
  }

  /** Wakes long polls after the clock was moved. The importer ignores this message, which S3 sends as a test. */
  async wakePollers(): Promise<void> {
    const MessageBody = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' })
    await this.sqs.send(new SendMessageCommand({ QueueUrl: this.#importQueueUrl, MessageBody }))
  }

  waitingMessages(): Promise<number> {
    return countMessages(this.sqs, this.#importQueueUrl)
  }

  async #read(key: string): Promise<string | undefined> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
      return await Body?.transformToString()
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined
      throw error
    }
  }
}
