import type { HoldSettings } from '../settings/hold.ts'
import { findMerges } from './find-merges.ts'
import { findRejected } from './find-rejected.ts'
import { findUnusualLines } from './find-unusual-lines.ts'
import { findUnusualNames } from './find-unusual-names.ts'
import type { Hold } from './hold-rules.ts'
import type { SurveyPart } from './part.ts'
import { linesOf, MIN_LINES, type Profile } from './profile.ts'

export interface HoldContext {
  /** Fixed lines that a person sends again. Only what cannot be undone holds them. */
  readonly isReplay: boolean
}

/** Earlier files that are needed to say which names and types are usual. */
const MIN_FILES = 3

/**
 * Finds the reasons for which a person should decide before the first line of a file is sent.
 *
 * @param profile of the earlier files with the same prefix; undefined if there are none
 * @returns none if the file can be imported
 */
export function findHolds(
  survey: SurveyPart,
  profile: Profile | undefined,
  settings: HoldSettings,
  { isReplay }: HoldContext,
): readonly Hold[] {
  // Such a file is rejected as a whole. One that breaks off is not: its first lines are sent.
  if (survey.refused !== undefined && survey.refused !== 'object_unreadable') return []
  const merges = findMerges(survey, settings)
  if (isReplay || linesOf(survey) < MIN_LINES) return merges
  const holds = [...merges, ...findRejected(survey, settings)]
  if (profile === undefined || profile.files.length < MIN_FILES) return holds
  return [...holds, ...findUnusualNames(survey, profile, settings), ...findUnusualLines(survey, profile, settings)]
}
