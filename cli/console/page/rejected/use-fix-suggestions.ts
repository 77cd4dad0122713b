import type { RejectedFilter } from '../../api-types.ts'
import { suggestFixes, type FixSuggestions } from '../../suggestions/fix-trial.ts'
import { fetchFixSuggestions } from '../api-client.ts'
import type { DraftLine } from './drafts.ts'
import { useDebouncedAnswer } from './use-debounced-answer.ts'

const NOTHING_FOUND: FixSuggestions = { open: 0, suggestions: [] }

/** Fixes that were tried on all lines of a filter. @param matching how many they are @returns undefined while they are tried */
export function useFixSuggestions(
  filter: RejectedFilter,
  fixes: readonly string[],
  matching: number,
): FixSuggestions | undefined {
  const { answer, error, isLoading } = useDebouncedAnswer(
    (signal) => fetchFixSuggestions({ filter, fixes }, signal),
    [JSON.stringify(filter), fixes, matching],
  )
  if (isLoading) return undefined
  return error === undefined ? answer : NOTHING_FOUND // the preview of the same lines shows the error
}

/** Fixes that were tried on the lines that the user edits, after each pause in typing. */
export function useDraftSuggestions(drafts: readonly DraftLine[]): FixSuggestions | undefined {
  return useDebouncedAnswer(
    () => Promise.resolve(suggestFixes(drafts.map(({ row, text }) => ({ ...row, line: text })))),
    [drafts],
  ).answer
}
