import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { REPORTS_PREFIX } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { listObjects, type ListedObject } from './list-objects.ts'
import type { Deployment } from './deployment.ts'

const CONCURRENCY = 16

export interface CachedReport {
  /** Key of the report in the bucket. */
  readonly key: string
  readonly report: Report
}

/** The reports of an importer. A report is read again only if it has changed. */
export class ReportCache {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>
  readonly #cached = new Map<string, { readonly etag: string; readonly report: Report }>()

  constructor(deployment: Pick<Deployment, 's3' | 'bucket'>) {
    this.#deployment = deployment
  }

  /**
   * The reports that were written last.
   *
   * @returns at most `limit` reports in the order in which their imports started, and how many reports there are
   */
  async newest(limit: number): Promise<{ readonly reports: readonly CachedReport[]; readonly total: number }> {
    const { s3, bucket } = this.#deployment
    const listed: ListedObject[] = []
    for await (const object of listObjects(s3, bucket, REPORTS_PREFIX)) listed.push(object)
    const newest = listed.toSorted((a, b) => b.writtenAt.getTime() - a.writtenAt.getTime()).slice(0, limit)
    const reports: CachedReport[] = []
    for (let from = 0; from < newest.length; from += CONCURRENCY) {
      const batch = newest.slice(from, from + CONCURRENCY)
      reports.push(...(await Promise.all(batch.map((object) => this.#read(object)))).flat())
    }
    this.#evictAllExcept(new Set(newest.map(({ key }) => key)))
    return { reports: reports.toSorted((a, b) => a.report.startedAt.localeCompare(b.report.startedAt)), total: listed.length }
  }

  /**
   * One report, or undefined if there is none.
   *
   * @param etag current ETag of the report, if the caller knows it; without it the report is read from S3
   */
  async get(key: string, etag?: string): Promise<Report | undefined> {
    const cached = this.#cached.get(key)
    if (cached !== undefined && cached.etag === etag) return cached.report
    const found = await s3Reports(this.#deployment.s3).find(this.#deployment.bucket, key)
    if (found === undefined) return undefined
    this.#cached.set(key, { etag: found.tag, report: found.report })
    return found.report
  }

  /** @returns nothing if the report was removed after it was listed */
  async #read({ key, etag }: ListedObject): Promise<readonly CachedReport[]> {
    const report = await this.get(key, etag)
    return report === undefined ? [] : [{ key, report }]
  }

  #evictAllExcept(keys: ReadonlySet<string>): void {
    for (const key of this.#cached.keys()) if (!keys.has(key)) this.#cached.delete(key)
  }
}
