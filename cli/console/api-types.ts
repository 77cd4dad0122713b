import type { ReasonCode } from '../../lambda/reasons.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { DeadLetterReason } from '../rejects/content.ts'

/*
 * What the console's page and its server say to each other: JSON under the page's own address, which holds the token.
 *
 *   GET  api/overview?limit=50          → Overview
 *   GET  api/report?id=ID                 → Report
 *   POST api/upload?name=N[&again=1]    file's bytes → Uploaded; 409 where a drop of that name is there and `again` is not
 *   GET  api/rejected?file=&reason=&text=&kept=&offset=&limit=&sort= → Letters
 *   POST api/rejected/look               → Letters, looked through anew
 *   POST api/fix                        FixQuestion → FixOutlook; nothing is changed
 *   POST api/replay                     ReplayQuestion → Replayed
 *   POST api/send-back                  LetterFilter → SentBack
 *   POST api/archive                       ParkQuestion → Parked
 *
 * What goes wrong is told as Failure, with a status from 400 on.
 */

export interface Failure {
  /** One or two sentences for a person, with what to do. */
  readonly error: string
}

export interface Overview {
  /** Name of the stack, or that it is on this computer. */
  readonly deployment: string
  /** Whether lines go to the stand-in for Kissmetrics. Its address, where they do. */
  readonly emulator?: string
  readonly waiting: {
    readonly messages: number
    readonly deadLetters: number
    /** As far as it is known, without the queue being looked into for it: what it forgets within four days. */
    readonly nearTheirEnd?: number
  }
  /** The newest first. */
  readonly files: readonly ImportSummary[]
  readonly total: number
}

export interface ImportSummary {
  /** Names exactly one drop: the same file, dropped anew, has another. */
  readonly id: string
  readonly report: Report
}

export interface Uploaded {
  readonly key: string
}

/** Which dead letters are meant; all where it is empty. */
export interface RejectedFilter {
  /** Key of a drop. */
  readonly file?: string
  readonly reason?: DeadLetterReason
  /** Stands somewhere in the line, in whatever case. */
  readonly text?: string
  /** Left out: what waits, and what the stack parked because it was old; else what a person put away, or what failed at three replays. */
  readonly kept?: 'archived' | 'quarantined'
}

export interface DeadLetterPage {
  /** ISO 8601: when the queue was looked through. */
  readonly lookedAt: string
  /** Whether the queue is being looked through at this moment, so that newer figures are to come. */
  readonly isLooking: boolean
  /** Whether everything was seen: SQS shows the first 100,000. */
  readonly isWhole: boolean
  /** Of what waits, whatever the filter. */
  readonly total: number
  readonly archived: number
  readonly quarantined: number
  /** Which the queue forgets within four days, and when the first of them: ISO 8601. */
  readonly nearTheirEnd: number
  readonly firstForgottenAt?: string
  /** Of the filter, but for its own part: what could be chosen instead. The largest first. */
  readonly reasons: readonly { readonly reason: DeadLetterReason; readonly count: number }[]
  readonly files: readonly { readonly key: string; readonly count: number }[]
  /** How many the filter leaves, and some of them. */
  readonly matching: number
  readonly rows: readonly RejectedRow[]
}

export type RejectedOrder = 'place' | 'end'

/** A dead letter. */
export interface RejectedRow {
  readonly id: string
  readonly kind: 'line' | 'file' | 'failed-import' | 'unknown'
  readonly reason: DeadLetterReason
  readonly detail: string
  /** Key of the drop; empty where it is about none. */
  readonly key: string
  readonly lineNumber?: number
  /** The text of the line as it was written; not there where it is about no line. */
  readonly line?: string
  /** Its bytes were no text: `line` has a U+FFFD for each that could not be read, and a person has to write what is meant. */
  readonly isPatched: boolean
  /** Only the first 200 KiB of the line are there: it has to be taken from the file. */
  readonly isCut: boolean
  readonly replays: number
  /** ISO 8601. */
  readonly failedAt: string
  /** When the queue forgets it; not there for what lies in the bucket, which keeps it. */
  readonly forgottenAt?: string
  readonly status: 'queued' | 'archived' | 'quarantined'
}

export interface FixQuestion {
  readonly filter: RejectedFilter
  /** As after `--fix`: ms-timestamps, trim, rename:OLD=NEW, drop:NAME. Without one: as the lines are. */
  readonly fixes: readonly string[]
}

export interface FixOutlook {
  readonly deadLetters: number
  readonly changed: number
  /** How many could be sent then. */
  readonly valid: number
  readonly examples: readonly {
    readonly key: string
    readonly lineNumber?: number
    readonly before: string
    readonly after: string
    /** Why it could not be sent then. */
    readonly reason?: ReasonCode
  }[]
}

/** Lines that a person has mended one by one, or whatever can be sent of a filter after fixes. */
export type ReplayQuestion =
  { readonly lines: readonly { readonly id: string; readonly line: string }[] } | ({ readonly isAll: true } & FixQuestion)

export interface Replayed {
  /** The drop that was made of the lines; its progress is that of a drop. Not there where nothing was left to send. */
  readonly key?: string
  readonly lines: number
  /** Lines that an earlier try of the same replay had sent. */
  readonly sentBefore: number
  /** Lines whose dead letter is no longer there. */
  readonly missing: number
  /** Of lines that were given one by one. */
  readonly refused: readonly { readonly id: string; readonly reason: ReasonCode; readonly detail: string }[]
}

export interface ReplayResponse {
  /** Imports that had failed at every delivery, and are tried again. */
  readonly works: number
}

/**
 * Moved to where nothing is forgotten: dead letters by their ids, or all of a filter, which are then put away; or those that are near
 * their end, which go on waiting.
 */
export type ArchiveRequest =
  { readonly ids: readonly string[] } | { readonly filter: RejectedFilter } | { readonly nearTheirEnd: true }

export interface ArchivedCount {
  readonly archived: number
}
