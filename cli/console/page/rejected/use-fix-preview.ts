import type { FixPreview, RejectedFilter } from '../../api-types.ts'
import { fetchFixPreview } from '../api-client.ts'
import { useDebouncedAnswer } from './use-debounced-answer.ts'

interface PreviewState {
  /** While another preview loads, still the last one. */
  readonly preview?: FixPreview
  readonly error?: string
  readonly isLoading: boolean
}

/** @param matching how many lines match the filter: another number means that the preview is outdated */
export function useFixPreview(filter: RejectedFilter, fixes: readonly string[], matching: number): PreviewState {
  const { answer, ...state } = useDebouncedAnswer(
    (signal) => fetchFixPreview({ filter, fixes }, signal),
    [JSON.stringify(filter), fixes, matching],
  )
  return { ...(answer !== undefined && { preview: answer }), ...state }
}
