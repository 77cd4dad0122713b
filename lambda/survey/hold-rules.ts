import type { ReasonCode } from '../reasons.ts'
import type { NumberSettingName } from '../settings/numbers.ts'

interface Rule {
  readonly title: string
  /** Why a person should decide. */
  readonly why: string
  /** The setting that changes the rule, or turns it off with 0. */
  readonly setting?: NumberSettingName
}

/**
 * Every rule that holds a file: the closed list. A code is a contract: reports contain it. Marketing people read `title` and `why`.
 *
 * docs/safety-rules.md explains each rule.
 */
export const HOLD_RULES = {
  merged_people: {
    title: 'Many people would become one',
    why: 'Kissmetrics cannot undo an alias. If the shared identity is not one person, the data of all of them stays mixed.',
    setting: 'KM_HOLD_ALIASES',
  },
  merged_placeholder: {
    title: 'People would be merged with a placeholder',
    why: 'An identity like null or guest stands for many people, and Kissmetrics cannot undo an alias.',
    setting: 'KM_HOLD_ALIASES',
  },
  too_many_aliases: {
    title: 'Too many aliases to check',
    why: 'Kissmetrics cannot undo an alias, and the file has more of them than can be compared with each other.',
    setting: 'KM_HOLD_ALIASES',
  },
  rejected_lines: {
    title: 'Many lines would be rejected',
    why: 'A large part of the file is wrong. It is easier to correct the whole file than to import one part now and fix the other later.',
    setting: 'KM_HOLD_REJECTED_PERCENT',
  },
  same_reason: {
    title: 'The same mistake on many lines',
    why: 'One correction of the file fixes all of these lines. If the file is imported all the same, they share one dead letter.',
    setting: 'KM_HOLD_SAME_REASON_LINES',
  },
  new_names: {
    title: 'Many new names',
    why: 'A name cannot be removed from Kissmetrics. Many new ones at once are usually values in the wrong place, or another export.',
    setting: 'KM_HOLD_NEW_NAMES',
  },
  similar_names: {
    title: 'A new name that looks like a known one',
    why: 'Kissmetrics takes the two names for two things, so each report shows a part of the data only.',
    setting: 'KM_HOLD_SIMILAR_NAMES',
  },
  changed_type: {
    title: 'A property has another type than before',
    why: 'Reports that add up or compare numbers leave out text.',
    setting: 'KM_HOLD_TYPE_PERCENT',
  },
  unusual_volume: {
    title: 'Far more or far fewer lines than usual',
    why: 'It may be the wrong file, a part of the right one, or an export of everything.',
    setting: 'KM_HOLD_VOLUME_FACTOR',
  },
  older_lines: {
    title: 'Far older lines than ever before',
    why: 'The times may be wrong, or the lines may have been imported before.',
    setting: 'KM_HOLD_OLDER_DAYS',
  },
  not_surveyed: {
    title: 'The file could not be checked',
    why: 'It could not be read to its end within the time limit of the function, so no rule was checked.',
  },
} as const satisfies Record<string, Rule>

export type HoldRule = keyof typeof HOLD_RULES

/** Why a file waits for a decision. A value, not an error. */
export interface Hold {
  readonly rule: HoldRule
  /** For people: what was found, with numbers. May contain names of events and properties, never an identity or a value. */
  readonly detail: string
  /** The first line that shows it, from 1. */
  readonly line?: number
  /** Why the lines would be rejected, if it is the same for all. */
  readonly reason?: ReasonCode
}
