import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { codeOf, NewerVersionError } from '../../lambda/errors.ts'
import { isBesideReport, REPORTS_PREFIX } from '../../lambda/keys.ts'
import type { Report, ReportState } from '../../lambda/report/report.ts'
import type { Output } from '../terminal/output.ts'
import { BUCKET } from './addresses.ts'
import type { LocalServices } from './services.ts'

export interface FollowedReport {
  /** The key in the bucket. */
  readonly key: string
  readonly report: Report
  /** Path of the copy on disk; undefined if it could not be written. */
  readonly file: string | undefined
}

export interface ReportFollowerOptions {
  /** Where the copies are written. */
  readonly folder: string
  readonly onProblem: (problem: string) => void
}

/** Follows the reports in the bucket, and keeps a copy of each as a plain file that the user can open. */
export class ReportFollower {
  readonly #services: Pick<LocalServices, 's3' | 'writes'>
  readonly #options: ReportFollowerOptions
  readonly #states = new Map<string, ReportState>()
  /** Number of the last write to the bucket that was followed. */
  #sequence = 0

  constructor(services: Pick<LocalServices, 's3' | 'writes'>, options: ReportFollowerOptions) {
    this.#services = services
    this.#options = options
  }

  /** The state of every report, by key, as of the last call. */
  get states(): ReadonlyMap<string, ReportState> {
    return this.#states
  }

  /** Reads the reports of earlier runs, which have their copies. */
  async skipEarlier(): Promise<void> {
    for await (const _report of this.#read());
  }

  /** The reports that are new or have changed since the last call. */
  async changes(): Promise<readonly FollowedReport[]> {
    const changed: FollowedReport[] = []
    for await (const { key, report } of this.#read()) changed.push({ key, report, file: this.#copy(key, report) })
    return changed
  }

  /** Writes reports as one JSON array, each read when it is written: a run can have more than fit into memory. */
  async write(keys: Iterable<string>, output: Pick<Output, 'write'>): Promise<void> {
    const reports = s3Reports(this.#services.s3)
    let separator = '['
    for (const key of keys) {
      const found = await reports.find(BUCKET, key)
      if (found === undefined) continue
      output.write(`${separator}\n${JSON.stringify(found.report, null, 2).replaceAll(/^/gm, '  ')}`)
      separator = ','
    }
    output.write(separator === '[' ? '[]\n' : '\n]\n')
  }

  async *#read(): AsyncGenerator<{ readonly key: string; readonly report: Report }> {
    const { s3, writes } = this.#services
    const reports = s3Reports(s3)
    for (const { sequence, key, size } of writes.writtenAfter(this.#sequence, BUCKET, REPORTS_PREFIX)) {
      if (isBesideReport(key)) {
        this.#sequence = sequence
        continue
      }
      const found = size > MAX_REPORT_BYTES ? undefined : await reports.find(BUCKET, key).catch(asNewer)
      this.#sequence = sequence
      if (found instanceof NewerVersionError) {
        this.#options.onProblem(found.message)
        continue
      }
      if (found === undefined) {
        this.#options.onProblem(
          `${key} is not a report, so it is skipped. Delete it: only the importer writes under ${REPORTS_PREFIX}`,
        )
        continue
      }
      this.#states.set(key, found.report.state)
      yield { key, report: found.report }
    }
  }

  /** Without promises: of these small files there can be thousands, and the database next to them is written the same way. */
  #copy(key: string, report: Report): string | undefined {
    const file = path.join(this.#options.folder, ...key.slice(REPORTS_PREFIX.length).split('/').map(pathPart))
    try {
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(`${file}.part`, `${JSON.stringify(report, null, 2)}\n`)
      renameSync(`${file}.part`, file)
      return file
    } catch (error) {
      this.#options.onProblem(`${key} could not be copied to ${file} (${codeOf(error) || String(error)}). It is in the bucket.`)
      return undefined
    }
  }
}

function asNewer(error: unknown): NewerVersionError {
  if (error instanceof NewerVersionError) return error
  throw error
}

/** Reports have a few kilobytes. */
const MAX_REPORT_BYTES = 8 * 1_048_576
/** File systems allow 255 bytes. */
const MAX_PART_BYTES = 240
const HASH_CHARACTERS = 16

/** A key may contain parts that a path must not, especially `..`: these are encoded. A part that is too long is cut, and marked with a hash. */
function pathPart(part: string): string {
  if (/^\.*$/.test(part)) return `%2E${part.slice(1)}`
  const encoded = encodeURIComponent(part)
  if (encoded.length <= MAX_PART_BYTES) return encoded
  const hash = createHash('sha256').update(part).digest('hex').slice(0, HASH_CHARACTERS)
  return `${encoded.slice(0, MAX_PART_BYTES - HASH_CHARACTERS - 1)}~${hash}`
}
