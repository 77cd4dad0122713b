import { MAX_FURTHER_TRIES } from '../backoff.ts'
import { AccountingError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { LineRanges } from '../common/line-ranges.ts'
import type { ReasonCode, Rejection } from '../reasons.ts'
import { labelsOf } from '../rules/rule-set.ts'
import type { Rule } from '../rules/rule.ts'
import type { ClosedCounts } from '../settle/closed-lines.ts'
import type { Counts } from '../settle/counts.ts'
import type { LineRange } from '../common/line-ranges.ts'
import type { LineGroups } from '../settle/line-groups.ts'
import type { Hold } from '../survey/hold-rules.ts'
import type { ProgressPoint } from './progress.ts'

export const REPORT_SCHEMA = 'kissmetrics-importer/report/v1'

export type ReportState =
  | 'importing'
  /** The safety check has stopped the file before its first line was sent. A person releases or discards it. */
  | 'held'
  | 'complete'
  | 'complete-with-rejects'
  /** All rejected lines were fixed and delivered, or discarded. */
  | 'complete-after-fixing'
  | 'failed'
  | 'superseded'
  | 'gone'
  | 'skipped'
  /** A person has discarded a held file. */
  | 'discarded'
  /** A person has stopped the import before its end. */
  | 'cancelled'

/** The result of an import. Programs read it: fields are added, never renamed. */
export interface Report {
  readonly schema: typeof REPORT_SCHEMA
  readonly state: ReportState
  readonly file: {
    readonly bucket: string
    readonly key: string
    readonly versionId?: string
    readonly etag?: string
    readonly bytes: number
  }
  /** If the state is final, `total` is the sum of the others. */
  readonly lines: Counts['lines'] & { readonly total: number }
  /** What became of the rejected and undeliverable lines, if there are any. Absent while the import runs. */
  readonly rejects?: Rejects
  /** Of the delivered lines. One line can have two commands. */
  readonly commands: Counts['commands']
  /** Never contains the text of a line. */
  readonly rejectedBy: Counts['rejectedBy']
  /** How many of these lines share one dead letter, for each reason. Absent if each line has its own. */
  readonly grouped?: Readonly<Partial<Record<ReasonCode, number>>>
  readonly warnings: Counts['warnings']
  /**
   * The import rules of the file, and how many lines each has changed that were delivered after that, or has skipped. Skipped lines count
   * as blank. Absent if there are no rules.
   */
  readonly fixedBy?: Readonly<Record<string, number>>
  /** The range of `_t` of the delivered lines, in seconds since 1970; absent if there are none. */
  readonly time?: { readonly first: number; readonly last: number }
  /** Why the file is held, or was held before it was discarded: only if the state is `held` or `discarded`. */
  readonly hold?: HoldReport
  /** Why the file was rejected as a whole, or skipped: only if the state is `failed` or `skipped`. */
  readonly failure?: { readonly reason: ReasonCode; readonly detail: string }
  readonly startedAt: string
  readonly finishedAt?: string
  readonly invocations: number
  /** How often a line may have been delivered again at most: after its answer was lost, or after an invocation was killed. */
  readonly repeatsPossible: number
  /** Only if the file was split. */
  readonly segments?: readonly SegmentReport[]
  /** Only if nothing had happened for so long that the unfinished segments were queued again. */
  readonly stale?: StaleImport
  /** Only while a person has paused all imports, and this one waits. @param since ISO 8601 */
  readonly paused?: { readonly since: string }
  /** Only if a person has cancelled the import. @param at when, ISO 8601 */
  readonly cancelled?: CancelledLines & { readonly at: string }
  /** The state that was answered last, where answers are pushed. `refused`: the channels that did not accept it. */
  readonly answered?: { readonly state: ReportState; readonly at: string; readonly refused?: readonly string[] }
  /** When this report was written; absent if it is final. */
  readonly updatedAt?: string
  /** The progress of the import over time, oldest first. */
  readonly progress?: readonly ProgressPoint[]
}

/** Why the safety check has stopped a file. */
export interface HoldReport {
  readonly rules: readonly Hold[]
  /** ISO 8601. */
  readonly heldAt: string
}

/** What became of the lines that were not delivered. Together, the three are all of them. */
export interface Rejects {
  /** Still to be fixed or discarded. */
  readonly open: number
  /** Fixed and delivered. */
  readonly fixed: number
  /** A person has decided not to deliver them. */
  readonly discarded: number
  /** The closed lines of each part of the file, and of its groups. Bookkeeping, so that replays at the same time count every line once. */
  readonly parts?: Readonly<Record<string, ClosedCounts>>
}

/** An import whose messages were lost, as far as a search can tell. */
export interface StaleImport {
  /** When the report was written for the last time before, ISO 8601. */
  readonly since: string
  /** Segments that were queued again. */
  readonly segments: number
}

/** Which lines of a cancelled import were sent. Line numbers in order; each range contains both of its ends. */
export interface CancelledLines {
  /** Lines that were settled: delivered, dead-lettered or blank. */
  readonly settled: readonly LineRange[]
  /**
   * Lines beyond them that may have been delivered: their answers were lost, or an invocation was killed before it could note them. The last
   * range can reach beyond the end of the file.
   */
  readonly unsure: readonly LineRange[]
}

/** The result of one segment. */
export interface SegmentReport {
  readonly index: number
  readonly byteStart: number
  readonly byteEnd: number
  readonly firstLine: number
  readonly lines: number
  readonly settled: number
  readonly invocations: number
}

/** What is known about an import when its report is written. */
export interface ImportState {
  readonly file: SourceFile
  readonly bytes: number
  readonly counts: Counts
  /** Lines that were read, counted independently of how they ended. */
  readonly linesRead: number
  readonly startedAt: string
  readonly invocations: number
  readonly repeatsPossible: number
  /** Of these, the tries that were counted. The others are an estimate. */
  readonly repeatedTries: number
  readonly segments?: readonly SegmentReport[]
  readonly stale?: StaleImport
  /** The import rules of the file. */
  readonly rules?: readonly Rule[]
  /** Lines that became dead letters, as `UndeliveredLines` records them. */
  readonly undelivered?: LineRanges
  /** Rejected lines that share a dead letter. */
  readonly groups?: LineGroups
  /** The replay that uploaded the file, if it was one. */
  readonly replay?: string
}

/** The report of an import that is not done. Lines in flight are in the total only. */
export function progressReport(importState: ImportState, updatedAt: string): Report {
  const { stale } = importState
  return { ...document(importState, 'importing'), ...(stale !== undefined && { stale }), updatedAt }
}

/**
 * The final report of an import that read its file to the end, or rejected it.
 *
 * @throws AccountingError if the number of lines that were read differs from the number of lines that ended
 */
export function finalReport(importState: ImportState, finishedAt: string, failure?: Rejection): Report {
  const { delivered, rejected, undeliverable, blank } = importState.counts.lines
  const ended = delivered + rejected + undeliverable + blank
  if (ended !== importState.linesRead) {
    throw new AccountingError(
      `The import of ${importState.file.key} does not add up: ${importState.linesRead} lines were read, but ${ended} ended ` +
        `(${delivered} delivered + ${rejected} rejected + ${undeliverable} undeliverable + ${blank} blank). ` +
        'This is a bug in the importer. The file is imported again.',
    )
  }
  const state = failure !== undefined ? 'failed' : rejected + undeliverable > 0 ? 'complete-with-rejects' : 'complete'
  return {
    ...document(importState, state),
    ...(failure !== undefined && { failure: { reason: failure.reason, detail: failure.detail } }),
    finishedAt,
  }
}

/** The report of a file that was not imported because its object was deleted or replaced. */
export function missingReport(importState: ImportState, state: 'superseded' | 'gone', finishedAt: string): Report {
  return { ...document(importState, state), finishedAt }
}

/** The report of an import that waits because a person has paused all imports. Otherwise it says what it said before. */
export function pausedReport({ finishedAt: _finishedAt, ...report }: Report, since: string, updatedAt: string): Report {
  return { ...report, paused: { since }, updatedAt }
}

/** The final report of an import that a person has cancelled: its total is the lines that were settled until then. */
export function cancelledReport(importState: ImportState, at: string, lines: CancelledLines, finishedAt: string): Report {
  const { delivered, rejected, undeliverable, blank } = importState.counts.lines
  const total = delivered + rejected + undeliverable + blank
  const linesRead = Math.max(importState.linesRead, lines.unsure.at(-1)?.[1] ?? 0)
  const report = document({ ...importState, linesRead }, 'cancelled')
  return { ...report, lines: { ...report.lines, total }, cancelled: { at, ...lines }, finishedAt }
}

/** The report of an object that is not a file to import. */
export function skippedReport(importState: ImportState, why: Rejection, finishedAt: string): Report {
  return { ...document(importState, 'skipped'), failure: { reason: why.reason, detail: why.detail }, finishedAt }
}

/** The report of a file that waits for a person. Its lines are in the total only. */
export function heldReport(importState: ImportState, hold: HoldReport, updatedAt: string): Report {
  return { ...document(importState, 'held'), hold, updatedAt }
}

/** The report of a file that a person has discarded. */
export function discardedReport(importState: ImportState, hold: HoldReport, finishedAt: string): Report {
  return { ...document(importState, 'discarded'), hold, finishedAt }
}

/**
 * An import without news for this long has lost messages: work that is deferred, because the endpoint is down or the setup is wrong, reports
 * every 15 minutes.
 */
export const STALE_MS = 30 * 60_000

/** For how long an import that is not done has had no news, if it is stale. */
export function staleForMs({ updatedAt }: Pick<Report, 'updatedAt'>, now: number): number | undefined {
  const silentMs = updatedAt === undefined ? 0 : now - Date.parse(updatedAt)
  return silentMs >= STALE_MS ? silentMs : undefined
}

export function notDelivered({ lines }: Pick<Report, 'lines'>): number {
  return lines.rejected + lines.undeliverable
}

/** How many lines of a file are still open. An older version wrote no `rejects`. */
export function openLines(report: Pick<Report, 'lines' | 'rejects'>): number {
  return report.rejects?.open ?? notDelivered(report)
}

/** Whether the import has ended, in whatever state. A held file waits for a person. */
export function isFinal({ state }: Report): boolean {
  return state !== 'importing' && state !== 'held'
}

/** Whether the file has a result that was not answered yet. */
export function needsAnswer({ state, answered }: Pick<Report, 'state' | 'answered'>): boolean {
  return state !== 'importing' && answered?.state !== state
}

/** Whether the file is never imported again. A file that was rejected can be replayed. */
export function isFinished(report: Report): boolean {
  return isFinal(report) && report.state !== 'failed'
}

/** Nothing is fixed yet: the report counts what was closed earlier once it is written. */
function rejectsOf({ rejected, undeliverable }: Counts['lines']): Pick<Report, 'rejects'> {
  const open = rejected + undeliverable
  return open === 0 ? {} : { rejects: { open, fixed: 0, discarded: 0 } }
}

function document(importState: ImportState, state: ReportState): Report {
  const { file, bytes, counts, linesRead, startedAt, invocations, repeatsPossible, repeatedTries, segments } = importState
  return {
    schema: REPORT_SCHEMA,
    state,
    file: {
      bucket: file.bucket,
      key: file.key,
      ...(file.versionId !== undefined && { versionId: file.versionId }),
      ...(file.etag !== undefined && { etag: file.etag }),
      bytes,
    },
    lines: { total: linesRead, ...counts.lines },
    ...(state !== 'importing' && rejectsOf(counts.lines)),
    commands: counts.commands,
    rejectedBy: counts.rejectedBy,
    ...groupedIn(importState),
    warnings: counts.warnings,
    ...fixedBy(importState),
    ...(counts.time !== undefined && { time: counts.time }),
    startedAt,
    invocations,
    // What a killed run has sent is bounded by the lines that were read, too, and by the tries of each.
    repeatsPossible: repeatedTries + Math.min(repeatsPossible - repeatedTries, invocations * linesRead * (1 + MAX_FURTHER_TRIES)),
    ...(segments !== undefined && { segments }),
  }
}

function groupedIn({ groups = {} }: ImportState): Pick<Report, 'grouped'> {
  const lines = Object.entries(groups).map(([reason, group]) => [reason, group.lines] as const)
  return lines.length === 0 ? {} : { grouped: Object.fromEntries(lines) }
}

/** Rules that have changed nothing are listed too: so the report says which rules the import had. */
function fixedBy({ counts, rules = [] }: ImportState): Pick<Report, 'fixedBy'> {
  const lines = { ...Object.fromEntries(labelsOf(rules).map((label) => [label, 0])), ...counts.changedBy }
  return Object.keys(lines).length === 0 ? {} : { fixedBy: lines }
}
