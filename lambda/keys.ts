import type { SourceFile } from './intake/source-file.ts'

/** Marks the message that asks for a search for missed files. The stack sends one every day. */
export const RECONCILE_SCHEMA = 'kissmetrics-importer/reconcile/v1'

/** Marks the message that asks for old dead letters to be archived. The stack sends one every day. */
export const ARCHIVE_SCHEMA = 'kissmetrics-importer/archive/v1'

/** Reports: how the import of each file ended. */
export const REPORTS_PREFIX = 'reports/'
/** Checkpoints: how far each import is. */
export const CHECKPOINTS_PREFIX = 'checkpoints/'

/** Records of running replays: which dead letters each of them sends. */
export const REPLAY_RECORDS_PREFIX = `${CHECKPOINTS_PREFIX}replays/`

/** Dead letters that were moved out of their queue. They never expire. */
export const ARCHIVED_PREFIX = 'archived/'

/** The key of a report. It contains the version of the object, so a new upload under the same key has its own report. */
export function reportKey(file: SourceFile): string {
  return `${REPORTS_PREFIX}${pathOf(file)}/report.json`
}

/** The key of a checkpoint: one for each segment, counted from 1, and one for the plan of the split. */
export function checkpointKey(file: SourceFile, part: number | 'plan'): string {
  return `${CHECKPOINTS_PREFIX}${pathOf(file)}/${part === 'plan' ? part : String(part).padStart(6, '0')}.json`
}

/** The key of a file of archived dead letters. @param day ISO 8601 @param run unique id of the run @param part from 1 */
export function archivedKey(day: string, run: string, part: number): string {
  return `${ARCHIVED_PREFIX}${day}/${run}-${String(part).padStart(4, '0')}.jsonl`
}

/** The key of a quarantined dead letter. It is the same for the same line, or file, so quarantining twice stores one. */
export function quarantineKey(file: SourceFile, line: number | undefined): string {
  return `${ARCHIVED_PREFIX}quarantined/${pathOf(file)}/${line === undefined ? 'file' : `line-${line}`}.jsonl`
}

/** Files of fixed lines, uploaded by `km-import rejects replay`. */
export const REPLAYS_PREFIX = 'incoming/replays/'

function pathOf({ key, versionId, etag }: SourceFile): string {
  return `${key}/${versionId ?? etag?.replaceAll('"', '') ?? 'unknown'}`
}

/** Files to import. */
export const INCOMING_PREFIX = 'incoming/'

/** The suffixes of files to import. S3 compares case, and does not allow a suffix that another suffix ends with. */
export const FILE_SUFFIXES = ['.json', '.jsonl', '.ndjson', '.json.gz', '.jsonl.gz', '.ndjson.gz'] as const

/** Whether S3 sends an event for an object with this key. */
export function isImportName(key: string): boolean {
  return key.startsWith(INCOMING_PREFIX) && FILE_SUFFIXES.some((suffix) => key.endsWith(suffix))
}

/** Namespace of the CloudWatch metrics. Their dimension `service` is the name of the function, since an account can have several importers. */
export const METRICS_NAMESPACE = 'KissmetricsImporter'
