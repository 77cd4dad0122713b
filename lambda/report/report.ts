import { AccountingError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { ReasonCode, Rejection } from '../reasons.ts'
import type { Counts } from '../settle/counts.ts'
import type { ProgressPoint } from './progress.ts'

export const REPORT_SCHEMA = 'kissmetrics-importer/report/v1'

export type ReportState = 'importing' | 'complete' | 'complete-with-rejects' | 'failed' | 'superseded' | 'gone'

/** What became of a drop. Programs read it: fields are added, never renamed. */
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
  /** Where the state is final, `total` is the sum of the others. */
  readonly lines: Counts['lines'] & { readonly total: number }
  /** Of delivered lines; one line can carry two. */
  readonly commands: Counts['commands']
  /** Never the text of a line. */
  readonly rejectedBy: Counts['rejectedBy']
  readonly warnings: Counts['warnings']
  /** The span of `_t` of the delivered lines, in seconds since 1970; not there where none was. */
  readonly time?: { readonly first: number; readonly last: number }
  /** Why the drop as a whole was handed back: only where the state is `failed`. */
  readonly failure?: { readonly reason: ReasonCode; readonly detail: string }
  readonly startedAt: string
  readonly finishedAt?: string
  readonly invocations: number
  /** At most so many lines may have been delivered more than once, since an earlier invocation broke off. */
  readonly repeatsPossible: number
  /** Only of a drop that was cut. */
  readonly segments?: readonly SegmentReport[]
  /** The course of the import, the oldest first. */
  readonly progress?: readonly ProgressPoint[]
}

/** What became of one segment. */
export interface SegmentReport {
  readonly index: number
  readonly byteStart: number
  readonly byteEnd: number
  readonly firstLine: number
  readonly lines: number
  readonly settled: number
  readonly invocations: number
}

/** What an import knows when its report is written. */
export interface ImportState {
  readonly file: SourceFile
  readonly bytes: number
  readonly counts: Counts
  /** Lines that the reader gave out, counted apart from how they ended. */
  readonly linesRead: number
  readonly startedAt: string
  readonly invocations: number
  readonly repeatsPossible: number
  readonly segments?: readonly SegmentReport[]
}

/** A report for while the import goes on. Lines that are on their way are in the total and in none of its parts. */
export function progressReport(importState: ImportState): Report {
  return document(importState, 'importing')
}

/**
 * The last report of an import that came to the end of its drop, or was stopped by the drop itself.
 *
 * @throws AccountingError where the lines that were read are not exactly the lines that ended
 */
export function finalReport(importState: ImportState, finishedAt: string, failure?: Rejection): Report {
  const { delivered, rejected, undeliverable, blank } = importState.counts.lines
  const ended = delivered + rejected + undeliverable + blank
  if (ended !== importState.linesRead) {
    throw new AccountingError(
      `The import of ${importState.file.key} does not add up: ${importState.linesRead} lines were read, but ${ended} ended ` +
        `(${delivered} delivered + ${rejected} rejected + ${undeliverable} undeliverable + ${blank} blank). ` +
        'This is a fault of the importer; the drop is imported again.',
    )
  }
  const state = failure !== undefined ? 'failed' : rejected + undeliverable > 0 ? 'complete-with-rejects' : 'complete'
  return {
    ...document(importState, state),
    ...(failure !== undefined && { failure: { reason: failure.reason, detail: failure.detail } }),
    finishedAt,
  }
}

/** The report of a drop that was not read, since its object is no longer there or another one took its place. */
export function missingReport(importState: ImportState, state: 'superseded' | 'gone', finishedAt: string): Report {
  return { ...document(importState, state), finishedAt }
}

/** Whether the import has come to its end, whatever that was. */
export function isFinal({ state }: Report): boolean {
  return state !== 'importing'
}

/** Whether nothing more is to be done for the drop, ever. One that came back as a whole may be redriven. */
export function isFinished(report: Report): boolean {
  return isFinal(report) && report.state !== 'failed'
}

function document(importState: ImportState, state: ReportState): Report {
  const { file, bytes, counts, linesRead, startedAt, invocations, repeatsPossible, segments } = importState
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
    commands: counts.commands,
    rejectedBy: counts.rejectedBy,
    warnings: counts.warnings,
    ...(counts.time !== undefined && { time: counts.time }),
    startedAt,
    invocations,
    // Never more than there are lines that could have been repeated.
    repeatsPossible: Math.min(repeatsPossible, invocations * linesRead),
    ...(segments !== undefined && { segments }),
  }
}
