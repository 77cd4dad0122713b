import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { NewerVersionError } from '../../lambda/errors.ts'
import { fileOfReport, isBesideReport, REPORTS_PREFIX } from '../../lambda/keys.ts'
import { isFinal, type Report } from '../../lambda/report/report.ts'
import { listObjects, type ListedObject } from './list-objects.ts'
import type { Deployment } from './deployment.ts'

const CONCURRENCY = 16
/** With more reports than a page of S3, a listing is used for this many times as long as it took. A poll would otherwise do little else. */
const LISTING_FACTOR = 5
const PAGE_REPORTS = 1_000

export interface ReportCacheOptions {
  /** Clock in milliseconds that never goes back. @default performance.now */
  readonly now?: () => number
  /** So many reports are listed at each call. @default 1,000 */
  readonly maxListedOften?: number
}

export interface CachedReport {
  /** Key of the report in the bucket. */
  readonly key: string
  readonly report: Report
}

export interface NewestReports {
  readonly reports: readonly CachedReport[]
  /** Keys of files. */
  readonly newer: readonly string[]
  readonly total: number
}

interface Listing {
  readonly limit: number
  /** The newest first. */
  readonly newest: readonly ListedObject[]
  readonly total: number
  readonly usedUntil: number
}

/**
 * The reports of an importer. A report is read again only if it has changed.
 *
 * Only a listing finds new reports, and S3 cannot list the newest alone. A listing of many is used for some time, in which only the reports of
 * running imports are read again.
 */
export class ReportCache {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>
  readonly #cached = new Map<string, { readonly etag: string; readonly report: Report }>()

  readonly #now: () => number
  readonly #maxListedOften: number
  #listing: Listing | undefined

  constructor(
    deployment: Pick<Deployment, 's3' | 'bucket'>,
    { now = () => performance.now(), maxListedOften = PAGE_REPORTS }: ReportCacheOptions = {},
  ) {
    this.#deployment = deployment
    this.#now = now
    this.#maxListedOften = maxListedOften
  }

  /**
   * The reports that were written last.
   *
   * @returns at most `limit` reports in the order in which their imports started, the files whose reports only a newer version of the
   *   importer can read, and how many reports there are
   */
  async newest(limit: number): Promise<NewestReports> {
    const earlier = this.#listing
    const isUsable = earlier !== undefined && earlier.limit >= limit && this.#now() < earlier.usedUntil
    const listing = isUsable ? earlier : await this.#list(limit)
    const newest = listing.newest.slice(0, limit)
    const reports: CachedReport[] = []
    const newer: string[] = []
    for (let from = 0; from < newest.length; from += CONCURRENCY) {
      const batch = newest.slice(from, from + CONCURRENCY)
      const read = async (object: ListedObject): Promise<void> => {
        try {
          reports.push(...(await this.#read(object, isUsable)))
        } catch (error) {
          if (!(error instanceof NewerVersionError)) throw error
          newer.push(fileOfReport(object.key))
        }
      }
      await Promise.all(batch.map(read))
    }
    if (!isUsable) this.#evictAllExcept(new Set(newest.map(({ key }) => key)))
    const inOrder = reports.toSorted((a, b) => a.report.startedAt.localeCompare(b.report.startedAt))
    return { reports: inOrder, newer, total: listing.total }
  }

  async #list(limit: number): Promise<Listing> {
    const { s3, bucket } = this.#deployment
    const begin = this.#now()
    const listed: ListedObject[] = []
    for await (const object of listObjects(s3, bucket, REPORTS_PREFIX)) if (!isBesideReport(object.key)) listed.push(object)
    const newest = listed.toSorted((a, b) => b.writtenAt.getTime() - a.writtenAt.getTime()).slice(0, limit)
    const end = this.#now()
    const usedMs = listed.length > this.#maxListedOften ? (end - begin) * LISTING_FACTOR : 0
    this.#listing = { limit, newest, total: listed.length, usedUntil: end + usedMs }
    return this.#listing
  }

  /**
   * One report, or undefined if there is none.
   *
   * @param etag current ETag of the report, if the caller knows it; without it the report is read from S3
   * @throws NewerVersionError, or the error of S3
   */
  async get(key: string, etag?: string): Promise<Report | undefined> {
    const cached = this.#cached.get(key)
    if (cached !== undefined && cached.etag === etag) return cached.report
    const found = await s3Reports(this.#deployment.s3).find(this.#deployment.bucket, key)
    if (found === undefined) return undefined
    this.#cached.set(key, { etag: found.tag, report: found.report })
    return found.report
  }

  /** @param isOld whether the listing is that of an earlier call @returns nothing if the report was removed after it was listed */
  async #read({ key, etag }: ListedObject, isOld: boolean): Promise<readonly CachedReport[]> {
    const cached = isOld ? this.#cached.get(key)?.report : undefined
    const report = cached !== undefined && isFinal(cached) ? cached : await this.get(key, isOld ? undefined : etag)
    return report === undefined ? [] : [{ key, report }]
  }

  #evictAllExcept(keys: ReadonlySet<string>): void {
    for (const key of this.#cached.keys()) if (!keys.has(key)) this.#cached.delete(key)
  }
}
