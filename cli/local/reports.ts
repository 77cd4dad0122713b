import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { REPORTS_PREFIX } from '../../lambda/keys.ts'
import type { Report, ReportState } from '../../lambda/report/report.ts'
import { listObjects } from '../deployment/list-objects.ts'

export interface FollowedReport {
  readonly report: Report
  /** Path of the copy on disk. */
  readonly file: string
}

/** Follows the reports in the bucket, and keeps a copy of each as a plain file that the user can open. */
export class ReportFollower {
  readonly #s3: S3Client
  readonly #bucket: string
  readonly #folder: string
  /** ETag by key. */
  readonly #seen = new Map<string, string>()
  readonly #states = new Map<string, ReportState>()

  constructor(s3: S3Client, bucket: string, folder: string) {
    this.#s3 = s3
    this.#bucket = bucket
    this.#folder = folder
  }

  /** The state of every report, by key, as of the last call of `changes`. */
  get states(): ReadonlyMap<string, ReportState> {
    return this.#states
  }

  /** The reports that are new or have changed since the last call. */
  async changes(): Promise<readonly FollowedReport[]> {
    const changed: FollowedReport[] = []
    for await (const { key, etag } of listObjects(this.#s3, this.#bucket, REPORTS_PREFIX)) {
      if (this.#seen.get(key) === etag) continue
      const { Body, ETag } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }))
      if (Body === undefined) continue
      const text = await Body.transformToString()
      const report = JSON.parse(text) as Report // only the importer writes there
      this.#seen.set(key, ETag ?? etag)
      this.#states.set(key, report.state)
      changed.push({ report, file: await this.#copy(key, text) })
    }
    return changed
  }

  /** A key may contain parts that a path must not, especially `..`: these are encoded. */
  async #copy(key: string, text: string): Promise<string> {
    const parts = key
      .slice(REPORTS_PREFIX.length)
      .split('/')
      .map((part) => (/^\.*$/.test(part) ? `%2E${part.slice(1)}` : encodeURIComponent(part)))
    const file = path.join(this.#folder, ...parts)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(`${file}.part`, text)
    await rename(`${file}.part`, file)
    return file
  }
}
