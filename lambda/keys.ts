import type { SourceFile } from './intake/source-file.ts'

/** What marks a message that asks for a search for lost drops; the stack sends one every day. */
export const RECONCILE_SCHEMA = 'kissmetrics-importer/reconcile/v1'

/** What marks a message that asks for old dead letters to be parked; the stack sends one every day. */
export const ARCHIVE_SCHEMA = 'kissmetrics-importer/archive/v1'

/** Where the importer writes what became of drops. */
export const REPORTS_PREFIX = 'reports/'
/** Where it writes how far it is. */
export const CHECKPOINTS_PREFIX = 'checkpoints/'

/** Where dead letters are kept that a queue would keep no longer. Nothing there ever expires. */
export const ARCHIVED_PREFIX = 'archived/'

/** Beside the drop's key stands the exact object that was read, so that a new upload under the same key has a report of its own. */
export function reportKey(file: SourceFile): string {
  return `${REPORTS_PREFIX}${pathOf(file)}/report.json`
}

/** One checkpoint for each segment, counted from 1, and one for the plan that cut them. */
export function checkpointKey(file: SourceFile, part: number | 'plan'): string {
  return `${CHECKPOINTS_PREFIX}${pathOf(file)}/${part === 'plan' ? part : String(part).padStart(6, '0')}.json`
}

/** A file of letters that were parked together. @param day ISO 8601 @param run a name that no other run has @param part from 1 */
export function archivedKey(day: string, run: string, part: number): string {
  return `${ARCHIVED_PREFIX}${day}/${run}-${String(part).padStart(4, '0')}.jsonl`
}

/** The one letter of a line, or of a whole drop, that came back too often: always the same place, so that twice is once. */
export function quarantineKey(file: SourceFile, line: number | undefined): string {
  return `${ARCHIVED_PREFIX}quarantined/${pathOf(file)}/${line === undefined ? 'file' : `line-${line}`}.jsonl`
}

/** Where lines go that a person has mended. */
export const REPLAYS_PREFIX = 'incoming/replays/'

function pathOf({ key, versionId, etag }: SourceFile): string {
  return `${key}/${versionId ?? etag?.replaceAll('"', '') ?? 'unknown'}`
}

/** Where people put drops. */
export const INCOMING_PREFIX = 'incoming/'

/** What a drop may be called. S3 compares the case of letters too, and allows no suffix that another one ends with. */
export const FILE_SUFFIXES = ['.json', '.jsonl', '.ndjson', '.json.gz', '.jsonl.gz', '.ndjson.gz'] as const

/** Whether S3 would send an event for an object of that name. */
export function isImportName(key: string): boolean {
  return key.startsWith(INCOMING_PREFIX) && FILE_SUFFIXES.some((suffix) => key.endsWith(suffix))
}

/** Where the importer's figures are in CloudWatch; each has the function as its `service`, since an account can hold several importers. */
export const METRICS_NAMESPACE = 'KissmetricsImporter'
