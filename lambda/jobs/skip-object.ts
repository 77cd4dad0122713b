import type { Task } from '../intake/task.ts'
import { isImportName, isOwnKey, reportKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { ReportWriter } from '../report/writer.ts'
import { requestAnswer } from './answer-request.ts'
import { skipReason } from './skip-reason.ts'
import { unreadFile } from './unread-file.ts'

/**
 * Skips an object that is not a file to import, with a report that says why: S3 sends an event for each object under `incoming/`.
 *
 * @returns false if the object is to be imported, or was looked at before
 * @throws the error of S3
 */
export async function skipObject({ file, segment }: Task, ports: Ports): Promise<boolean> {
  if (segment !== undefined || isImportName(file.key)) return false
  const { reports, clock, files, limits, events, bucket } = ports
  if (isOwnKey(file.key) && file.bucket === bucket) return false
  const found = await reports.find(file.bucket, reportKey(file))
  if (found !== undefined) return false
  const reason = await skipReason(file, files, limits)
  if (reason === undefined) return false
  await new ReportWriter(found, reports, clock).skip(unreadFile(file, clock), reason)
  await requestAnswer(file, ports)
  events.skipped(file.key, reason.reason, reason.detail)
  return true
}
