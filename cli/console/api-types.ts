import type { ReasonCode } from '../../lambda/reasons.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { HoldSettings } from '../../lambda/settings/hold.ts'
import type { Profile } from '../../lambda/survey/profile.ts'
import type { SendTarget } from '../deployment/send-target.ts'
import type { DeadLetterReason } from '../rejects/content.ts'

/*
 * The HTTP API between the console's page and its server: JSON under the page's own address, which contains the token.
 *
 *   GET  api/overview?limit=50            → Overview
 *   GET  api/report?id=ID                 → Report
 *   GET  api/check-context?name=N         → CheckContext
 *   POST api/upload?name=N[&again=1]      file bytes → UploadResult; 409 if a file with this name exists and `again` is missing
 *   GET  api/rejected?file=&reason=&text=&status=&offset=&limit=&sort= → RejectedPage
 *   GET  api/rejected/download?format=jsonl|csv&file=&reason=&text=&status= → a file
 *   POST api/rejected/refresh             → RejectedPage, after the queue was read again
 *   POST api/fix-preview                  FixRequest → FixPreview; changes nothing
 *   POST api/fix-suggestions              FixRequest → FixSuggestions, for the lines that its fixes do not fix; changes nothing
 *   POST api/find-person                  PersonRequest → one PersonMessage per line, the result last; a body, so that no address names a person
 *   POST api/replay                       ReplayRequest → ReplayResult
 *   POST api/retry                        RejectedFilter → RetryResult
 *   POST api/decide                   DecideRequest → DecideResult; 409 if the file cannot be released or discarded any more
 *   POST api/archive                      ArchiveRequest → ArchiveResult
 *   POST api/pause                        PauseRequest → PauseRequest
 *   POST api/cancel                       CancelRequest → CancelRequest
 *   POST api/discard                      DiscardRequest → DiscardResult
 *
 * A request that fails is answered with a status of 400 or more and an ErrorResponse.
 */

export interface ErrorResponse {
  /** What happened and what to do next, in one or two sentences for the user. */
  readonly error: string
}

export interface Overview {
  /** Name of the stack, or "this computer". */
  readonly deployment: string
  /** The options that choose it, for commands in hints: ` --stack NAME`; left out if none are needed. */
  readonly deploymentOptions?: string
  /** Where lines go. With the `emulatorUrl` of the Kissmetrics emulator, this is test mode. */
  readonly target: SendTarget
  /** Why this computer, which sends the lines, does not reach the endpoint. Left out if it does, or if it is not known. */
  readonly unreachable?: string
  readonly waiting: {
    readonly messages: number
    readonly deadLetters: number
    /** Dead letters that expire within four days; left out until the queue was read once. */
    readonly expiringSoon?: number
  }
  /** Since when all imports are paused, ISO 8601; left out if they are not. */
  readonly pausedSince?: string
  /** How many lines a second all imports together may send; left out if there is no limit. */
  readonly linesPerSecond?: number
  /** The newest first. */
  readonly imports: readonly ImportSummary[]
  /** Keys of files whose reports only a newer version of the importer can read. */
  readonly newer: readonly string[]
  readonly total: number
}

export interface ImportSummary {
  /** Identifies one version of one file: the same file, changed and uploaded again, has another id. */
  readonly id: string
  readonly report: Report
}

/** Looks for a person in one file. */
export interface PersonRequest {
  /** Of the import. */
  readonly id: string
  readonly identity: string
}

export interface PauseRequest {
  /** Whether all imports are to be paused. */
  readonly isPaused: boolean
}

export interface CancelRequest {
  /** Of an import that has not ended. */
  readonly id: string
}

/** What a user decides about a file that is held. */
export interface DecideRequest {
  /** Of the import. */
  readonly id: string
  readonly decision: 'released' | 'discarded'
}

export interface DecideResult {
  readonly decision: 'released' | 'discarded'
  /** Whether it was decided so before. */
  readonly wasDecidedBefore: boolean
}

/** What the import of a file depends on besides its content. The page checks files with it before an upload. */
export interface CheckContext {
  /** The import rules for files with this name. */
  readonly rules: readonly Rule[]
  readonly hold: HoldSettings
  /** What earlier files with such a name contained. */
  readonly profile?: Profile
}

export interface UploadResult {
  readonly key: string
}

/** Selects dead letters; an empty filter selects all that are not archived or quarantined. */
export interface RejectedFilter {
  /** Key of a file. */
  readonly file?: string
  readonly reason?: DeadLetterReason
  /** Text anywhere in the line; upper and lower case are equal. */
  readonly text?: string
  /**
   * Left out: the dead letters in the queue, and those that the stack archived because of their age. Otherwise those that a user
   * archived, or those that failed three replays.
   */
  readonly status?: 'archived' | 'quarantined'
}

/** One page of the dead letters that match a filter, and the counts around it. */
export interface RejectedPage {
  /** ISO 8601: when the queue was read. */
  readonly readAt: string
  /** Whether the queue is being read right now, so that newer counts will follow. */
  readonly isRefreshing: boolean
  /** Whether everything was read: the first read can still run, others can hold lines, and SQS shows at most the first 100,000. */
  readonly isComplete: boolean
  /** Dead letters that others were reading at the same time. They reappear within 5 minutes. */
  readonly inUse: number
  /** Counts of all, not only of those that match the filter. */
  readonly total: number
  readonly archived: number
  readonly quarantined: number
  /** How many the queue deletes within four days, and when the first of them: ISO 8601. */
  readonly expiringSoon: number
  readonly firstExpiresAt?: string
  /** What can be selected instead of the filter's own reason or file, the largest count first. */
  readonly reasons: readonly { readonly reason: DeadLetterReason; readonly count: number }[]
  readonly files: readonly { readonly key: string; readonly count: number }[]
  /** How many match the filter, and one page of them. */
  readonly matching: number
  readonly rows: readonly RejectedRow[]
}

/** By file and line number, or by when the dead letter expires. */
export type RejectedOrder = 'file' | 'expiry'

/** A dead letter. */
export interface RejectedRow {
  readonly id: string
  readonly kind: 'line' | 'file' | 'group' | 'failed-import' | 'newer' | 'unknown'
  readonly reason: DeadLetterReason
  readonly detail: string
  /** Key of the file; empty if the message names none. */
  readonly key: string
  readonly lineNumber?: number
  /** How many lines share the dead letter and are not sent yet, if it is about a group of lines. */
  readonly groupedLines?: number
  /** The line as it was written; left out if the dead letter is not about one line. */
  readonly line?: string
  /** The import rules of its file, which are applied to the fixed line too. Left out if there are none. */
  readonly rules?: readonly Rule[]
  /** The line was not valid UTF-8: `line` has a U+FFFD for each unreadable byte, and the user must replace it. */
  readonly hasInvalidBytes: boolean
  /** Only the first 200 KiB of the line are stored, so it can only be fixed in the file. */
  readonly isTruncated: boolean
  readonly replays: number
  /** ISO 8601. */
  readonly failedAt: string
  /** When the queue deletes it; left out for dead letters in the bucket, which do not expire. */
  readonly expiresAt?: string
  readonly status: 'queued' | 'archived' | 'quarantined'
}

export interface FixRequest {
  readonly filter: RejectedFilter
  /** As after `--fix`: ms-timestamps, trim, rename:OLD=NEW, drop:NAME. Empty: the lines as they are. */
  readonly fixes: readonly string[]
}

/** What fixes would change. */
export interface FixPreview {
  readonly deadLetters: number
  readonly changed: number
  /** How many could be sent after the fixes. */
  readonly valid: number
  /** Of all files that the dead letters come from, except files of fixed lines. Left out if they have none in common. */
  readonly prefix?: string
  readonly examples: readonly {
    readonly key: string
    readonly lineNumber?: number
    readonly before: string
    readonly after: string
    /** Why the line is rejected even after the fixes. */
    readonly reason?: ReasonCode
  }[]
}

/** Lines that the user edited one by one, or all valid lines of a filter after fixes. */
export type ReplayRequest =
  { readonly lines: readonly { readonly id: string; readonly line: string }[] } | ({ readonly isAll: true } & FixRequest)

export interface ReplayResult {
  /** Key of the file that was made of the lines and is now imported. Left out if there was nothing to send. */
  readonly key?: string
  readonly lines: number
  /** Lines that an earlier attempt of the same replay had sent. */
  readonly sentBefore: number
  /** Lines whose dead letter was not found: another user has sent or archived it, or is sending it now. */
  readonly missing: number
  /** Edited lines that are still not valid. */
  readonly refused: readonly { readonly id: string; readonly reason: ReasonCode; readonly detail: string }[]
}

export interface RetryResult {
  /** Failed imports that are back in the import queue. */
  readonly imports: number
}

/**
 * Moves dead letters to the bucket, where they do not expire: some by their ids or all of a filter, which count as archived from then
 * on; or those that expire soon, which stay in the list.
 */
export type ArchiveRequest =
  { readonly ids: readonly string[] } | { readonly filter: RejectedFilter } | { readonly expiringSoon: true }

export interface ArchiveResult {
  readonly archived: number
}

/** Discards dead letters about lines and files: some by their ids, or all of a filter. A copy of each stays in the bucket. */
export type DiscardRequest = { readonly ids: readonly string[] } | { readonly filter: RejectedFilter }

export interface DiscardResult {
  readonly discarded: number
  /** Dead letters that were not found: another user has sent or archived them, or is sending them now. */
  readonly missing: number
}

/** Fixes that become import rules of a prefix. */
export interface RuleRequest {
  readonly prefix: string
  /** As after `--fix`. */
  readonly fixes: readonly string[]
}

/** What rules would have made of the last files of a prefix. */
export interface RuleTrial {
  readonly files: number
  readonly lines: number
  readonly rejectedBefore: number
  readonly rejectedAfter: number
  readonly unchanged: number
  readonly validChanged: number
  readonly validRejected: number
  readonly skipped: number
  /** Rules of a shorter prefix that would no longer apply. */
  readonly lost: readonly string[]
  /** Why the rules are not saved. */
  readonly refusal?: string
}
