import type { EpochSeconds } from '../../lambda/parse/time.ts'
import type { ReasonCode, WarningCode } from '../../lambda/reasons.ts'

export const PREVIEW_SCHEMA = 'kissmetrics-importer/preview/v1'

/** Of lines, wherever some are named. */
export const MAX_EXAMPLES = 20

/**
 * What some files would do to a Kissmetrics account. Programs read it: fields are added, never renamed.
 *
 * Everything but `files`, `lines`, `rejectedBy` and `refused` is about valid lines only. Texts of the files are as they are there: whoever
 * shows them makes them harmless.
 */
export interface PreviewSummary {
  readonly schema: typeof PREVIEW_SCHEMA
  readonly files: readonly { readonly name: string; readonly lines: number }[]
  /** `total` is the sum of the others. A file that is refused before its first line adds nothing. */
  readonly lines: { readonly total: number; readonly valid: number; readonly rejected: number; readonly blank: number }
  readonly commands: { readonly record: number; readonly set: number; readonly alias: number }
  readonly identities: IdentitySummary
  /** Files that would come back as a whole, or from where they cannot be read. */
  readonly refused: readonly { readonly file: string; readonly reason: ReasonCode; readonly detail: string }[]
  readonly rejectedBy: Readonly<Partial<Record<ReasonCode, RejectionSummary>>>
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
  readonly aliases: AliasSummary
  readonly events: NamesSummary<EventSummary>
  readonly properties: NamesSummary<PropertySummary>
  /** Not there where no line is valid. */
  readonly time?: TimeSummary
  readonly repeats: RepeatSummary
  readonly estimate: Estimate
}

/** Where a line stands. */
export interface LineRef {
  readonly file: string
  /** From 1. */
  readonly line: number
}

export interface IdentitySummary {
  /** Different ones in `_p` and `_p2`, as Kissmetrics takes them; where it is not exact, there are more than that. */
  readonly count: number
  readonly isExact: boolean
  /** Lines whose identity has a comma or a colon, for which Kissmetrics takes a space. */
  readonly changedLines: number
  readonly changedExamples: readonly string[]
}

export interface RejectionSummary {
  readonly count: number
  /** The first ones, at most 20. */
  readonly examples: readonly (LineRef & { readonly detail: string })[]
}

/** Aliases make one person of two identities, and cannot be undone. */
export interface AliasSummary {
  readonly commands: number
  /** Pairs that were there before, in either order. */
  readonly repeated: number
  /** Pairs that close a cycle: both identities were one person already, by other pairs. */
  readonly cycles: number
  /** Persons that become one out of several identities. */
  readonly groups: number
  /** Groups of more than two identities, since an identity is in several pairs. */
  readonly chains: number
  /** At most 20, the largest first. */
  readonly largest: readonly AliasGroup[]
  /** Whether all aliases were looked at; where not, the counts but `commands` are of the first identities only. */
  readonly isComplete: boolean
}

export interface AliasGroup {
  readonly identities: number
  /** At most 5, those that are in the most pairs first. */
  readonly examples: readonly string[]
  /** Of the first alias in it. */
  readonly first: LineRef
}

export interface NamesSummary<Name> {
  /** Different names; where not all were kept, there are more than that. */
  readonly names: number
  readonly isComplete: boolean
  /** How often the names were used that were not kept. */
  readonly otherUses: number
  /** The most frequent first. */
  readonly list: readonly Name[]
  readonly twins: readonly TwinSummary[]
}

export interface EventSummary {
  readonly name: string
  readonly count: number
  /** What Kissmetrics makes of the name, where that is another one. */
  readonly becomes?: string
}

/** Names that look as if one was meant. */
export interface TwinSummary {
  /** The most frequent first. */
  readonly names: readonly string[]
  /** For how many names Kissmetrics takes them: 1 where they differ in what it does not tell apart, such as capitals. */
  readonly atKissmetrics: number
}

export type ValueType = 'number' | 'text' | 'boolean'

export interface PropertySummary extends EventSummary {
  /** By what a value is when it is sent: the text "12" is a number to Kissmetrics. More than one is a mixed property. */
  readonly types: Readonly<Partial<Record<ValueType, { readonly count: number; readonly examples: readonly string[] }>>>
  /** Values of more than 512 characters, which is the limit that Kissmetrics' newer page names. */
  readonly longValues: number
}

export type HistogramUnit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'

export interface TimeSummary {
  readonly first: EpochSeconds
  readonly last: EpochSeconds
  readonly unit: HistogramUnit
  /** Without gaps. */
  readonly histogram: readonly { readonly start: EpochSeconds; readonly lines: number }[]
}

/** What Kissmetrics would take for something that it has already. */
export interface RepeatSummary {
  /** Events that agree with an earlier one in person, name, second, properties and values: they count once. */
  readonly events: number
  /** Events that agree with an earlier one in person, name and second, but not in their properties. Its older page drops these as well. */
  readonly sameSecond: number
  /** Lines that set properties, all of which were set before with these values, for that person at that second. */
  readonly sets: number
  /** Properties that were set before with another value, for that person at that second: the first value is kept. */
  readonly contradictions: number
  /** Of each, the first ones, at most 20. */
  readonly examples: Readonly<Record<'events' | 'sameSecond' | 'sets' | 'contradictions', readonly LineRef[]>>
  /** Whether all were compared; where not, the counts are at least that. */
  readonly isComplete: boolean
}

/** How long it takes to send, which the endpoint decides. */
export interface Estimate {
  readonly requests: number
  readonly fastestSeconds: number
  readonly slowestSeconds: number
}
