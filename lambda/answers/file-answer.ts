import type { ReasonCode } from '../reasons.ts'
import type { Report, ReportState } from '../report/report.ts'

export const ANSWER_SCHEMA = 'kissmetrics-importer/answer/v1'

/** The states of a file that are answered: it has an end, or waits for a person. `missing`: it did not come. */
export type AnsweredState = Exclude<ReportState, 'importing'> | 'missing'

/**
 * What people and programs receive about a file when its import has ended, or waits for a decision. Programs read it: fields are added, never
 * renamed.
 *
 * It contains names of files, counts and reasons: never a key of Kissmetrics, an identity or the text of a line.
 */
export interface FileAnswer {
  readonly schema: typeof ANSWER_SCHEMA
  /** The same for the same result, so that a receiver can drop an answer that it already has. */
  readonly id: string
  readonly state: AnsweredState
  /** When the file got this state, ISO 8601. */
  readonly at: string
  /** One line of at most 99 ASCII characters. */
  readonly subject: string
  /** A few lines for people. */
  readonly text: string
  /** Absent for a file that did not come. */
  readonly file?: Report['file']
  readonly lines?: Report['lines']
  /** Rejected and undeliverable lines that are still to be fixed or discarded. */
  readonly open?: number
  readonly rejectedBy?: readonly ReasonCount[]
  /** Why the file is held: the codes and titles of the rules. */
  readonly heldBy?: readonly HeldBy[]
  /** Why the file was rejected as a whole, or skipped. */
  readonly failure?: Report['failure']
  /** Only for a file that did not come. */
  readonly expected?: ExpectedFile
  /** Where a person continues. */
  readonly link?: string
  /** What a person can do next, as commands for a terminal. */
  readonly commands: readonly string[]
}

export interface ReasonCount {
  readonly reason: ReasonCode
  readonly lines: number
}

export interface HeldBy {
  readonly rule: string
  readonly title: string
  readonly detail: string
}

/** A file that should have been uploaded in a period. */
export interface ExpectedFile {
  readonly bucket: string
  readonly prefix: string
  /** ISO 8601. */
  readonly since: string
  readonly until: string
}

/** The same answer before its texts are written. */
export type AnswerFacts = Omit<FileAnswer, 'schema' | 'subject' | 'text'>
