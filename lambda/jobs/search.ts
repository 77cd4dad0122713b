import { NewerVersionError } from '../errors.ts'
import { newTask, taskBody } from '../intake/task.ts'
import { reportKey } from '../keys.ts'
import { isFinal } from '../report/report.ts'
import type { FoundReport, ListedFile, ListPosition, Ports } from '../ports.ts'
import type { LastSearch } from './last-search.ts'
import { listReports } from './listed-reports.ts'

/** Files that are checked at the same time. */
const MAX_CHECKS = 16

/** A file that has waited for this long before the search found it is late, and a person should know. */
const LATE_MS = 6 * 60 * 60_000

/** The counts of a search. */
export interface Found {
  /** Objects that were checked. */
  readonly files: number
  /** Those that were queued because their import has no report, or a stale one. */
  readonly queued: number
  /** Those of them that are late. */
  readonly late: number
  /** Reports that were read, and may still change. */
  readonly unfinished: readonly UnfinishedReport[]
  /** Whether all objects were checked. */
  readonly isWhole: boolean
  /** The end of the last page that was checked to its end. */
  readonly reached: ListPosition | undefined
}

export interface UnfinishedReport {
  readonly key: string
  /** Milliseconds since 1970. */
  readonly writtenAt: number
}

export interface SearchOptions {
  /** Where to begin; undefined for the start. */
  readonly after?: ListPosition | undefined
  /** Skips younger objects: their S3 event may still arrive. */
  readonly minAgeMs?: number
  /** Skips older objects. */
  readonly maxAgeMs?: number
  /** Skips objects that were uploaded earlier, in milliseconds since 1970. */
  readonly uploadedFrom?: number
  /** Skips objects that were uploaded at this time or later. */
  readonly uploadedBefore?: number
  /** Skips versions that were replaced. */
  readonly onlyLatest?: boolean
  /** After this time without a new report, the message of an unfinished import counts as lost. */
  readonly staleMs: number
  /** Does not read reports that are final since then. */
  readonly last?: LastSearch | undefined
  /** Aborted when there is no more time. */
  readonly ending?: AbortSignal
  /** Counts files without queuing them. */
  readonly isDryRun?: boolean
  readonly onQueued?: (file: ListedFile) => void
  /** Called with each final report that is read: once, when it is about a day old. */
  readonly onFinal?: (found: FoundReport) => Promise<void>
}

/**
 * Searches for files that were missed, and queues them: S3 never sent the event, the message was lost, or the file is older than the
 * importer. Queuing a file twice does no harm.
 *
 * @throws the error of S3 or SQS
 */
export async function search(
  { listing, reports, importQueue, clock }: Pick<Ports, 'listing' | 'reports' | 'importQueue' | 'clock'>,
  options: SearchOptions,
): Promise<Found> {
  const { onlyLatest = false, staleMs, ending, isDryRun = false, onQueued } = options
  const now = clock.now()
  const found = { files: 0, queued: 0, late: 0, unfinished: [] as UnfinishedReport[] }
  const knownUnfinished = new Set(options.last?.unfinished)
  const isKnownFinal = (key: string, writtenAt: number): boolean =>
    options.last !== undefined && writtenAt <= options.last.finalUntil && !knownUnfinished.has(key)
  const hasNews = (writtenAt: number): boolean => now - writtenAt < staleMs
  const needsNothing = (key: string, listedAt: number | undefined): boolean =>
    listedAt !== undefined && (hasNews(listedAt) || isKnownFinal(key, listedAt))
  /** Reads the report, and remembers it if it may still change. */
  const isKnown = async ({ file }: ListedFile, listedAt: number | undefined): Promise<boolean | 'held'> => {
    const key = reportKey(file)
    try {
      const report = await reports.find(file.bucket, key)
      const writtenAt = report?.writtenAt.getTime() ?? listedAt
      if (report !== undefined && isFinal(report.report)) await options.onFinal?.(report)
      if (report !== undefined && (isFinal(report.report) || hasNews(report.writtenAt.getTime()))) return true
      if (writtenAt !== undefined) found.unfinished.push({ key, writtenAt })
      return report?.report.state === 'held' ? 'held' : false
    } catch (error) {
      if (!(error instanceof NewerVersionError)) throw error
      // The newer version searches for what it has begun, and so must not take it for final.
      found.unfinished.push({ key, writtenAt: listedAt ?? 0 })
      return true
    }
  }
  const queueIfMissed = async (listed: ListedFile, listedAt: number | undefined): Promise<void> => {
    const known = await isKnown(listed, listedAt)
    if (known === true) return
    if (!isDryRun) await importQueue.send(taskBody({ ...newTask(listed.file), foundBySearch: true }), 0)
    // Usually it waits for a person. It was missed only if it was released meanwhile, and its report does not say so.
    if (known === 'held') return
    found.queued += 1
    if (now - listed.lastModified.getTime() >= LATE_MS) found.late += 1
    onQueued?.(listed)
  }
  const isOver = (): boolean => ending?.aborted === true
  let reached: ListPosition | undefined
  for await (const page of listing.pages(options.after)) {
    const files = page.filter((listed) => (listed.isLatest || !onlyLatest) && isUploadedIn(options, listed, now))
    if (isOver()) return { ...found, isWhole: false, reached }
    const writtenAt = await listReports(files, listing)
    const unclear = files
      .map((listed) => ({ listed, key: reportKey(listed.file) }))
      .filter(({ key }) => !needsNothing(key, writtenAt.get(key)))
    for (let from = 0; from < unclear.length; from += MAX_CHECKS) {
      if (isOver()) return { ...found, isWhole: false, reached }
      const some = unclear.slice(from, from + MAX_CHECKS)
      await Promise.all(some.map(({ listed, key }) => queueIfMissed(listed, writtenAt.get(key))))
    }
    found.files += files.length
    reached = endOf(page) ?? reached
  }
  return { ...found, isWhole: true, reached }
}

function isUploadedIn(
  { minAgeMs = 0, maxAgeMs = Infinity, uploadedFrom = -Infinity, uploadedBefore = Infinity }: SearchOptions,
  { lastModified }: ListedFile,
  now: number,
): boolean {
  const uploadedAt = lastModified.getTime()
  const ageMs = now - uploadedAt
  return ageMs >= minAgeMs && ageMs <= maxAgeMs && uploadedAt >= uploadedFrom && uploadedAt < uploadedBefore
}

function endOf(page: readonly ListedFile[]): ListPosition | undefined {
  const last = page.at(-1)?.file
  return last && { key: last.key, versionId: last.versionId ?? 'null', bucket: last.bucket }
}
