import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { REPORTS_PREFIX } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { BUCKET } from './addresses.ts'
import type { LocalServices } from './services.ts'

export interface FollowedReport {
  readonly report: Report
  /** Path of the copy on disk. */
  readonly file: string
}

/** Follows the reports in the bucket, and keeps a copy of each as a plain file that the user can open. */
export class ReportFollower {
  readonly #services: Pick<LocalServices, 's3' | 'writes'>
  readonly #folder: string
  /** Number of the last write to the bucket that was followed. */
  #sequence: number

  constructor(services: Pick<LocalServices, 's3' | 'writes'>, folder: string) {
    this.#services = services
    this.#folder = folder
    this.#sequence = services.writes.lastSequence()
  }

  /** The reports that are new or have changed since the last call; the first time, since the start. */
  async changes(): Promise<readonly FollowedReport[]> {
    const reports = s3Reports(this.#services.s3)
    const changed: FollowedReport[] = []
    for (const { sequence, key } of this.#services.writes.writtenAfter(this.#sequence, BUCKET, REPORTS_PREFIX)) {
      const found = await reports.find(BUCKET, key)
      if (found !== undefined) changed.push({ report: found.report, file: await this.#copy(key, found.report) })
      this.#sequence = sequence
    }
    return changed
  }

  /** A key may contain parts that a path must not, especially `..`: these are encoded. */
  async #copy(key: string, report: Report): Promise<string> {
    const parts = key
      .slice(REPORTS_PREFIX.length)
      .split('/')
      .map((part) => (/^\.*$/.test(part) ? `%2E${part.slice(1)}` : encodeURIComponent(part)))
    const file = path.join(this.#folder, ...parts)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(`${file}.part`, `${JSON.stringify(report, null, 2)}\n`)
    await rename(`${file}.part`, file)
    return file
  }
}
