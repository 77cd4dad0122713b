import { NewerVersionError } from '../errors.ts'
import { searchBody, type Search } from '../intake/search.ts'
import { newTask, taskBody } from '../intake/task.ts'
import { reportKey } from '../keys.ts'
import { isFinal } from '../report/report.ts'
import type { ListedFile, ListPosition, Ports } from '../ports.ts'

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
  /** Whether all objects were checked. */
  readonly isWhole: boolean
  /** The end of the last page that was checked to its end. */
  readonly reached: ListPosition | undefined
}

export interface SearchOptions {
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
  /** Aborted when there is no more time. */
  readonly ending?: AbortSignal
  /** Counts files without queuing them. */
  readonly isDryRun?: boolean
  readonly onQueued?: (file: ListedFile) => void
}

/**
 * Searches for files that were missed, and queues them: S3 never sent the event, the message was lost, or the file is older than the
 * importer. Queuing a file twice does no harm.
 *
 * @throws the error of S3 or SQS
 */
export async function search(
  pages: AsyncIterable<readonly ListedFile[]>,
  { reports, importQueue, clock }: Pick<Ports, 'reports' | 'importQueue' | 'clock'>,
  options: SearchOptions,
): Promise<Found> {
  const { onlyLatest = false, staleMs, ending, isDryRun = false, onQueued } = options
  const now = clock.now()
  const found = { files: 0, queued: 0, late: 0 }
  const isKnown = async ({ file }: ListedFile): Promise<boolean> => {
    try {
      const report = await reports.find(file.bucket, reportKey(file))
      return report !== undefined && (isFinal(report.report) || now - report.writtenAt.getTime() < staleMs)
    } catch (error) {
      if (error instanceof NewerVersionError) return true // the newer version searches for what it has begun
      throw error
    }
  }
  const queueIfMissed = async (listed: ListedFile): Promise<void> => {
    if (await isKnown(listed)) return
    if (!isDryRun) await importQueue.send(taskBody({ ...newTask(listed.file), foundBySearch: true }), 0)
    found.queued += 1
    if (now - listed.lastModified.getTime() >= LATE_MS) found.late += 1
    onQueued?.(listed)
  }
  const isOver = (): boolean => ending?.aborted === true
  let reached: ListPosition | undefined
  for await (const page of pages) {
    const files = page.filter((listed) => (listed.isLatest || !onlyLatest) && isUploadedIn(options, listed, now))
    if (isOver()) return { ...found, isWhole: false, reached }
    for (let from = 0; from < files.length; from += MAX_CHECKS) {
      if (isOver()) return { ...found, isWhole: false, reached }
      await Promise.all(files.slice(from, from + MAX_CHECKS).map(queueIfMissed))
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

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Less than a day, so that the search of the next day sees that its work is stale. */
const DAILY_STALE_MS = DAY_MS - 60 * MINUTE_MS

/**
 * The daily search for missed files. If it takes longer than an invocation, a new message continues it: a million files that are younger
 * than 30 days take about half an hour, older ones a few minutes.
 *
 * @throws the error of S3 or SQS
 */
export async function reconcile(earlier: Search, ports: Ports, ending: AbortSignal): Promise<void> {
  const found = await search(ports.listing.pages(earlier.after), ports, {
    minAgeMs: 15 * MINUTE_MS,
    // Longer than a message can wait in both queues. Older files have been checked on many days.
    maxAgeMs: 30 * DAY_MS,
    staleMs: DAILY_STALE_MS,
    ending,
  })
  const files = earlier.files + found.files
  const queued = earlier.queued + found.queued
  ports.events.reconciled(files, queued, found.isWhole, found.late)
  // Without a page that was checked to its end, the next invocation would get no further. The search of the next day tries again.
  if (found.isWhole || found.reached === undefined) return
  await ports.importQueue.send(searchBody({ after: found.reached, files, queued }), 0)
}
