import { newTask, taskBody } from '../intake/task.ts'
import { isImportName, reportKey } from '../keys.ts'
import { isFinal } from '../report/report.ts'
import type { Ports, ListedFile } from '../ports.ts'

/** Drops that are looked at side by side. */
const LOOKS_AT_ONCE = 16

/** What a search counts. */
export interface Found {
  /** Objects that are drops by their names. */
  readonly files: number
  /** Of those, the ones that were sent to the import queue, since there was no report of them. */
  readonly queued: number
  /** Whether everything was looked at. */
  readonly isWhole: boolean
}

export interface SearchOptions {
  /** Leaves out what is younger: its event may only be on its way. */
  readonly minAgeMs?: number
  /** Leaves out what is older. */
  readonly maxAgeMs?: number
  /** Leaves out versions that were replaced. */
  readonly onlyLatest?: boolean
  /** An import whose report was not written for so long is taken for one whose message was lost. */
  readonly staleMs: number
  /** Raised when there is no more time. */
  readonly ending?: AbortSignal
  /** Only counts. */
  readonly isDryRun?: boolean
  readonly onQueued?: (file: ListedFile) => void
}

/**
 * Looks for drops that nobody works on, and queues them: an event that S3 never sent, a message that was lost, files that were there
 * before the importer was. Queuing one twice does no harm.
 *
 * @throws what S3 or SQS said
 */
export async function search(
  pages: AsyncIterable<readonly ListedFile[]>,
  { reports, importQueue, clock }: Pick<Ports, 'reports' | 'importQueue' | 'clock'>,
  options: SearchOptions,
): Promise<Found> {
  const { minAgeMs = 0, maxAgeMs = Infinity, onlyLatest = false, staleMs, ending, isDryRun = false, onQueued } = options
  const now = clock.now()
  const found = { files: 0, queued: 0 }
  const queueIfLost = async (listed: ListedFile): Promise<void> => {
    const report = await reports.find(listed.file.bucket, reportKey(listed.file))
    if (report !== undefined && (isFinal(report.report) || now - report.writtenAt.getTime() < staleMs)) return
    if (!isDryRun) await importQueue.send(taskBody(newTask(listed.file)), 0)
    found.queued += 1
    onQueued?.(listed)
  }
  for await (const page of pages) {
    const files = page.filter(({ file, lastModified, isLatest }) => {
      const ageMs = now - lastModified.getTime()
      return isImportName(file.key) && (isLatest || !onlyLatest) && ageMs >= minAgeMs && ageMs <= maxAgeMs
    })
    found.files += files.length
    for (let from = 0; from < files.length; from += LOOKS_AT_ONCE) {
      if (ending?.aborted === true) return { ...found, isWhole: false }
      await Promise.all(files.slice(from, from + LOOKS_AT_ONCE).map(queueIfLost))
    }
  }
  return { ...found, isWhole: true }
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** The search that the stack asks for every day. */
export async function reconcile(ports: Ports, ending: AbortSignal): Promise<void> {
  const found = await search(ports.listing.pages(), ports, {
    minAgeMs: 15 * MINUTE_MS,
    // Longer than a message can wait in both queues; what is older was looked at on many days before.
    maxAgeMs: 30 * DAY_MS,
    staleMs: DAY_MS,
    ending,
  })
  ports.events.reconciled(found.files, found.queued, found.isWhole)
}
