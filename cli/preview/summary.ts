import type { EpochSeconds } from '../../lambda/parse/time.ts'
import type { ReasonCode, WarningCode } from '../../lambda/reasons.ts'
import type { TwinSummary } from '../../lambda/survey/twins.ts'
import type { ValueType } from '../../lambda/survey/value-type.ts'

export const PREVIEW_SCHEMA = 'kissmetrics-importer/preview/v1'

/** Lines that are listed as examples, for each reason and each kind of repeat. */
export const MAX_EXAMPLES = 20

/**
 * What an import of some files would do to a Kissmetrics account. Programs read it: fields are added, never renamed.
 *
 * `files`, `lines`, `rejectedBy` and `refused` cover all lines, everything else only the valid ones. Texts from the files are not escaped;
 * the caller escapes them before they are shown.
 */
export interface PreviewSummary {
  readonly schema: typeof PREVIEW_SCHEMA
  readonly files: readonly { readonly name: string; readonly lines: number }[]
  /** `total` is the sum of the others. A file that is rejected before its first line adds nothing. */
  readonly lines: { readonly total: number; readonly valid: number; readonly rejected: number; readonly blank: number }
  readonly commands: { readonly record: number; readonly set: number; readonly alias: number }
  readonly identities: IdentitySummary
  /** Files that would be rejected, as a whole or from the point on where they cannot be read. */
  readonly refused: readonly { readonly file: string; readonly reason: ReasonCode; readonly detail: string }[]
  readonly rejectedBy: Readonly<Partial<Record<ReasonCode, RejectionSummary>>>
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
  /** How many lines each import rule would change. Absent if no rules are given. */
  readonly fixedBy?: Readonly<Record<string, number>>
  readonly aliases: AliasSummary
  readonly events: NamesSummary<EventSummary>
  readonly properties: NamesSummary<PropertySummary>
  /** Missing if no line is valid. */
  readonly time?: TimeSummary
  readonly repeats: RepeatSummary
  readonly estimate: Estimate
}

/** The position of a line. */
export interface LinePosition {
  readonly file: string
  /** Starts at 1. */
  readonly line: number
}

export interface IdentitySummary {
  /** Distinct identities in `_p` and `_p2`, as Kissmetrics distinguishes them; a lower bound if it is not exact. */
  readonly count: number
  readonly isExact: boolean
  /** Lines whose identity has a comma or a colon, which Kissmetrics replaces by a space. */
  readonly changedLines: number
  readonly changedExamples: readonly string[]
  /** Identities that are probably one person, and that Kissmetrics takes for several. */
  readonly spellings: SpellingSummary
}

/** Identities that differ only in capitals, spaces, invisible characters, the encoding of accents or the form of a number. */
export interface SpellingSummary {
  /** People with several spellings; a lower bound if it is not complete. */
  readonly people: number
  /** The first 20 people, with at most 5 spellings each. */
  readonly groups: readonly (readonly string[])[]
  readonly isComplete: boolean
}

export interface RejectionSummary {
  readonly count: number
  /** The first ones, at most 20. */
  readonly examples: readonly (LinePosition & { readonly detail: string })[]
}

/** Aliases merge two identities into one person, and cannot be undone. */
export interface AliasSummary {
  readonly commands: number
  /** Pairs that occurred before, in either order. */
  readonly repeated: number
  /** Pairs that close a cycle: other pairs already make both identities one person. */
  readonly cycles: number
  /** People who are merged from several identities. */
  readonly groups: number
  /** Groups of more than two identities, because an identity is in several pairs. */
  readonly chains: number
  /** At most 20, the largest first. */
  readonly largest: readonly AliasGroup[]
  /** False if there were too many identities; then every count except `commands` covers the first identities only. */
  readonly isComplete: boolean
}

export interface AliasGroup {
  readonly identities: number
  /** At most 5; those in the most pairs first. */
  readonly examples: readonly string[]
  /** The first alias of the group. */
  readonly first: LinePosition
}

export interface NamesSummary<Name> {
  /** Distinct names; a lower bound if it is not complete. */
  readonly names: number
  readonly isComplete: boolean
  /** Uses of the names that are not in the list. */
  readonly otherUses: number
  /** The most frequent first. */
  readonly list: readonly Name[]
  readonly twins: readonly TwinSummary[]
}

export interface EventSummary {
  readonly name: string
  readonly count: number
  /** The name in Kissmetrics, if it differs. */
  readonly becomes?: string
}

export interface PropertySummary extends EventSummary {
  /** By the type in Kissmetrics: it reads the text "12" as a number. A property with several types is mixed. */
  readonly types: Readonly<Partial<Record<ValueType, { readonly count: number; readonly examples: readonly string[] }>>>
  /** Values of more than 512 characters, the limit that Kissmetrics' newer documentation names. */
  readonly longValues: number
}

export type HistogramUnit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'

export interface TimeSummary {
  readonly first: EpochSeconds
  readonly last: EpochSeconds
  readonly unit: HistogramUnit
  /** Consecutive, including empty units. */
  readonly histogram: readonly { readonly start: EpochSeconds; readonly lines: number }[]
}

/** Lines that Kissmetrics would ignore as repeats. */
export interface RepeatSummary {
  /** Events with the person, name, second, properties and values of an earlier one: counted once. */
  readonly events: number
  /** Events with the person, name and second of an earlier one, but other properties. The older documentation ignores these too. */
  readonly sameSecond: number
  /** Lines that only set properties that were set before, to the same values, for that person at that second. */
  readonly sets: number
  /** Properties that were set before to another value, for that person at that second: the first value is kept. */
  readonly contradictions: number
  /** The first ones of each kind, at most 20. */
  readonly examples: Readonly<Record<'events' | 'sameSecond' | 'sets' | 'contradictions', readonly LinePosition[]>>
  /** False if there were too many to compare all; then the counts are lower bounds. */
  readonly isComplete: boolean
}

/** How long the import takes. The endpoint decides, so this is a range. */
export interface Estimate {
  readonly requests: number
  readonly fastestSeconds: number
  readonly slowestSeconds: number
}
