import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { REPORTS_PREFIX } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { listObjects } from './list-objects.ts'
import type { Deployment } from './deployment.ts'

const READS_AT_ONCE = 16

export interface CachedReport {
  /** Where it lies in the bucket. */
  readonly where: string
  readonly report: Report
}

/** The reports of an importer. One that was read is not read again until it changes. */
export class ReportCache {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>
  readonly #read = new Map<string, { readonly etag: string; readonly report: Report }>()

  constructor(deployment: Pick<Deployment, 's3' | 'bucket'>) {
    this.#deployment = deployment
  }

  /** Those that were written last, the newest import last; and how many there are. */
  async newest(most: number): Promise<{ readonly reports: readonly CachedReport[]; readonly total: number }> {
    const { s3, bucket } = this.#deployment
    const listed: { readonly key: string; readonly etag: string; readonly writtenAt: Date }[] = []
    for await (const object of listObjects(s3, bucket, REPORTS_PREFIX)) listed.push(object)
    const chosen = listed.sort((a, b) => b.writtenAt.getTime() - a.writtenAt.getTime()).slice(0, most)
    const reports: CachedReport[] = []
    for (let from = 0; from < chosen.length; from += READS_AT_ONCE) {
      const some = await Promise.all(
        chosen
          .slice(from, from + READS_AT_ONCE)
          .map(async ({ key, etag }) => ({ where: key, report: await this.one(key, etag) })),
      )
      reports.push(...some.flatMap(({ where, report }) => (report === undefined ? [] : [{ where, report }])))
    }
    this.#forgetAllBut(new Set(chosen.map(({ key }) => key)))
    return { reports: reports.toSorted((a, b) => a.report.startedAt.localeCompare(b.report.startedAt)), total: listed.length }
  }

  /** @param etag where it is known what the report is by now */
  async one(where: string, etag?: string): Promise<Report | undefined> {
    const known = this.#read.get(where)
    if (known !== undefined && known.etag === etag) return known.report
    const found = await s3Reports(this.#deployment.s3).find(this.#deployment.bucket, where)
    if (found === undefined) return undefined
    this.#read.set(where, { etag: found.tag, report: found.report })
    return found.report
  }

  #forgetAllBut(kept: ReadonlySet<string>): void {
    for (const where of this.#read.keys()) if (!kept.has(where)) this.#read.delete(where)
  }
}
