import type { SourceFile } from './intake/source-file.ts'

/** Marks the message that asks for a search for missed files. The stack sends one every day. */
export const RECONCILE_SCHEMA = 'kissmetrics-importer/reconcile/v1'

/** Marks the message that asks for old dead letters to be archived. The stack sends one every day. */
export const ARCHIVE_SCHEMA = 'kissmetrics-importer/archive/v1'

/** Marks the message that asks whether an expected file has come. The schedules of the stack send it. */
export const EXPECTED_SCHEMA = 'kissmetrics-importer/expected/v1'

/** Reports: how the import of each file ended. */
export const REPORTS_PREFIX = 'reports/'
/** Checkpoints: how far each import is. */
export const CHECKPOINTS_PREFIX = 'checkpoints/'

/** What the last complete search for missed files has found. */
export const LAST_SEARCH_KEY = `${CHECKPOINTS_PREFIX}last-search.json`

/** Records of running replays: which dead letters each of them sends. */
export const REPLAY_RECORDS_PREFIX = `${CHECKPOINTS_PREFIX}replays/`

/** What people order for the whole importer. */
export const CONTROL_PREFIX = 'control/'

/** The import rules. */
export const RULES_KEY = `${CONTROL_PREFIX}rules.json`

/** Pause, limit and cancelled files. */
export const BRAKE_KEY = `${CONTROL_PREFIX}brake.json`

/** Which invocation may use which share of the limit. */
export const RATE_KEY = `${CONTROL_PREFIX}rate.json`

/** Dead letters that were moved out of their queue. They never expire. */
export const ARCHIVED_PREFIX = 'archived/'

/** The key of a report. It contains the version of the object, so a new upload under the same key has its own report. */
export function reportKey(file: SourceFile): string {
  return `${REPORTS_PREFIX}${pathOf(file)}/report.json`
}

/** The key of the file that a report is about, read from the key of the report; shortened if it is long. */
export function fileOfReport(key: string): string {
  return key.slice(REPORTS_PREFIX.length).split('/').slice(0, -2).join('/')
}

/** The reports of all versions of a file are under this prefix. */
export function reportsOf(key: string): string {
  return `${REPORTS_PREFIX}${shortened(key)}/`
}

/** Whether an object under `reports/` is bookkeeping beside a report, and not a report. */
export function isBesideReport(key: string): boolean {
  return /\/(?:closed\/(?:\d+|early|groups)|undelivered|receipt|rules)\.json$/.test(key)
}

/**
 * The key of a part of the lines that were fixed or discarded. It lives as long as the report. `groups` is about lines that share a dead letter.
 * `early` says that there are parts from before the final report.
 */
export function closedLinesKey(file: SourceFile, part: number | 'groups' | 'early'): string {
  return `${REPORTS_PREFIX}${pathOf(file)}/closed/${typeof part === 'string' ? part : String(part).padStart(2, '0')}.json`
}

/** The key of what closing the dead letters of a file needs to know about its import. */
export function undeliveredKey(file: SourceFile): string {
  return `${REPORTS_PREFIX}${pathOf(file)}/undelivered.json`
}

/** The key of the receipt of a file. */
export function receiptKey(file: SourceFile): string {
  return `${REPORTS_PREFIX}${pathOf(file)}/receipt.json`
}

/** The key of the rules that the import of a file had. */
export function importRulesKey(file: SourceFile): string {
  return `${REPORTS_PREFIX}${pathOf(file)}/rules.json`
}

/** The key of a checkpoint: one for each segment, counted from 1, and one for the plan of the split. */
export function checkpointKey(file: SourceFile, part: number | 'plan'): string {
  return `${CHECKPOINTS_PREFIX}${pathOf(file)}/${part === 'plan' ? part : String(part).padStart(6, '0')}.json`
}

/** Where is noted which message waits for the end of a pause: one for each segment, or for the file. */
export function pauseNoteKey(file: SourceFile, segment: number | undefined): string {
  return `${CHECKPOINTS_PREFIX}${pathOf(file)}/paused${segment === undefined ? '' : `-${String(segment).padStart(6, '0')}`}.json`
}

/** The key of the note which dead letters about many lines of a file were sent. */
export function groupsKey(file: SourceFile): string {
  return `${CHECKPOINTS_PREFIX}${pathOf(file)}/groups.json`
}

/** The key of the decision whether a file may be imported. */
export function safetyKey(file: SourceFile): string {
  return `${CHECKPOINTS_PREFIX}${pathOf(file)}/safety.json`
}

/** The key of what a file contains, or a segment of it, counted from 1. */
export function surveyKey(file: SourceFile, segment?: number): string {
  const part = segment === undefined ? '' : `-${String(segment).padStart(6, '0')}`
  return `${CHECKPOINTS_PREFIX}${pathOf(file)}/survey${part}.json`
}

/** The key of what is known about the files of a prefix. */
export function profileKey(prefix: string): string {
  return `${CHECKPOINTS_PREFIX}profiles/${shortened(prefix)}profile.json`
}

/** The key of the note which period of an expected file was answered last. */
export function expectedKey({ bucket, prefix }: { readonly bucket: string; readonly prefix: string }): string {
  return `${CHECKPOINTS_PREFIX}expected/${bucket}/${shortened(prefix)}note.json`
}

/** The key of a file of archived dead letters. @param day ISO 8601 @param run unique id of the run @param part from 1 */
export function archivedKey(day: string, run: string, part: number): string {
  return `${ARCHIVED_PREFIX}${day}/${run}-${String(part).padStart(4, '0')}.jsonl`
}

/**
 * The key of a quarantined dead letter. It is the same for the same line, file or group, so quarantining twice stores one.
 *
 * @param group the reason that the lines of a group have in common
 */
export function quarantineKey(file: SourceFile, line: number | undefined, group?: string): string {
  const subject = group === undefined ? (line === undefined ? 'file' : `line-${line}`) : `group-${group}`
  return `${ARCHIVED_PREFIX}quarantined/${pathOf(file)}/${subject}.jsonl`
}

/** Files of fixed lines, uploaded by `km-import rejects replay`. */
export const REPLAYS_PREFIX = 'incoming/replays/'

/** Whether a file was uploaded by a replay. */
export function isReplayFile(key: string): boolean {
  return key.startsWith(REPLAYS_PREFIX)
}

/** The key of the origins of the lines in a file that a replay uploads. @param run unique id of the replay, which the file has as metadata */
export function replayOriginsKey(run: string): string {
  return `${CHECKPOINTS_PREFIX}replay-origins/${run}.json`
}

/** Copies of dead letters that a person has discarded. No command reads them, and they do not expire. */
export const DISCARDED_PREFIX = `${ARCHIVED_PREFIX}discarded/`

function pathOf(file: SourceFile): string {
  return `${shortened(file.key)}/${versionOf(file)}`
}

/** What distinguishes the versions of a file: the version id, or the ETag in a bucket without versions. */
export function versionOf({ versionId, etag }: Pick<SourceFile, 'versionId' | 'etag'>): string {
  return versionId ?? etag?.replaceAll('"', '') ?? 'unknown'
}

/** S3 allows 1,024 bytes. The rest is for the prefix, the version and the name of a document. */
const MAX_KEY_BYTES = 900
/** At most four bytes each. */
const KEPT_CHARACTERS = 100
/** UTF-8 needs at most three bytes for each unit of UTF-16. */
const MAX_BYTES_PER_UNIT = 3

/** A key that would be too long inside another one keeps its beginning, and a hash stands for the rest. */
function shortened(key: string): string {
  if (key.length * MAX_BYTES_PER_UNIT <= MAX_KEY_BYTES) return key
  const bytes = new TextEncoder().encode(key)
  if (bytes.length <= MAX_KEY_BYTES) return key
  return `${Array.from(key).slice(0, KEPT_CHARACTERS).join('')}~${hashOf(bytes)}`
}

/** FNV-1a with 128 bits: the page runs this too, and Node's hashes do not exist there. @see RFC 9923 */
function hashOf(bytes: Uint8Array): string {
  let hash = 0x6c62272e07bb014262b821756295c58dn
  for (const byte of bytes) hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * 0x1000000000000000000013bn)
  return hash.toString(16).padStart(32, '0')
}

/** Files to import. */
export const INCOMING_PREFIX = 'incoming/'

/** The suffixes of compressed files. */
export const PACKED_SUFFIXES = ['.gz', '.zip', '.zst', '.br'] as const

/** The suffixes of files to import, in any letter case. */
export const FILE_SUFFIXES = ['', ...PACKED_SUFFIXES].flatMap((packed) =>
  ['.json', '.jsonl', '.ndjson', '.csv'].map((text) => `${text}${packed}`),
)

/** The same in words. */
export const IMPORT_NAMES = '.json, .jsonl, .ndjson or .csv, or one of these and .gz, .zip, .zst or .br'

/** Whether the name says that this is a file to import. The content of objects with other names decides. */
export function isImportName(key: string): boolean {
  const name = key.toLowerCase()
  return FILE_SUFFIXES.some((suffix) => name.endsWith(suffix))
}

const TEMPORARY_NAME = /^\.|~$|\.(?:tmp|temp|part|partial|filepart|crdownload|swp|inprogress|_copying_)$/i

/** Whether any part of a key is hidden, or is the name of a file that a program is still writing, and renames when it is complete. */
export function isTemporaryName(key: string): boolean {
  return key.split('/').some((part) => TEMPORARY_NAME.test(part) || part === '_temporary')
}

/** Whether the importer keeps documents of its own under this key. */
export function isOwnKey(key: string): boolean {
  return [REPORTS_PREFIX, CHECKPOINTS_PREFIX, CONTROL_PREFIX].some((prefix) => key.startsWith(prefix))
}

/** The S3 object tag whose value releases or discards a held file. */
export const DECISION_TAG = 'km-import'

/** Namespace of the CloudWatch metrics. Their dimension `service` is the name of the function, since an account can have several importers. */
export const METRICS_NAMESPACE = 'KissmetricsImporter'
