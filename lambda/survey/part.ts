import type { ReasonCode } from '../reasons.ts'

export const SURVEY_SCHEMA = 'kissmetrics-importer/survey/v1'

/**
 * What a file, or a segment of it, contains. It is stored as JSON and has no identities: only fingerprints. Usually it takes some
 * kilobytes, and at most 10 MB if a million identities are in its aliases.
 *
 * All line numbers count from the start of the file.
 */
export interface SurveyPart {
  readonly schema: typeof SURVEY_SCHEMA
  readonly lines: LineCounts
  /** Why the file would be rejected, as a whole or from the point on where it cannot be read. */
  readonly refused?: ReasonCode
  readonly rejections: readonly RejectionCount[]
  /** Valid lines on each day, in order. */
  readonly days: readonly DayCount[]
  readonly events: NameList
  readonly properties: NameList
  readonly aliases: AliasPart
}

export interface LineCounts {
  readonly valid: number
  readonly rejected: number
  readonly blank: number
}

export interface RejectionCount {
  readonly reason: ReasonCode
  readonly lines: number
  /** The first line with this reason. */
  readonly first: number
}

/** @see Days */
export type DayCount = readonly [daySince1970: number, lines: number]

export interface NameList {
  readonly list: readonly NameUse[]
  /** Uses of names that are not in the list, because there are too many. */
  readonly unlisted: number
}

export interface NameUse {
  readonly name: string
  readonly uses: number
  /** Uses of a property with a value that Kissmetrics reads as a number. */
  readonly numbers: number
  /** The first line with this name. */
  readonly first: number
}

export interface AliasPart {
  /** Alias commands, including repeated ones. */
  readonly commands: number
  /** Commands with an identity that stands for a missing value or for many people. */
  readonly placeholders: number
  /** The first line with one of these. */
  readonly firstPlaceholder?: number
  /** Fingerprints of the identities of each person. @see encodeGroups. Empty if there were too many. */
  readonly groups: string
  /** The person who is merged from the most identities; missing if there are no aliases. */
  readonly largest?: AliasGroup
  /** False if there were too many identities to compare all. */
  readonly isComplete: boolean
}

/** Identities that aliases make one person. */
export interface AliasGroup {
  readonly identities: number
  /** The first line with one of these aliases. */
  readonly first: number
}
