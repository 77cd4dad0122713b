import { useEffect, useState } from 'preact/hooks'
import type { RejectedFilter } from '../../api-types.ts'
import { suggestFixes, type FixSuggestions } from '../../suggestions/fix-trial.ts'
import { fetchFixSuggestions, isAborted } from '../api-client.ts'
import type { DraftLine } from './drafts.ts'

const DEBOUNCE_MS = 200
const NOTHING_FOUND: FixSuggestions = { open: 0, suggestions: [] }

/** Fixes that were tried on all lines of a filter. @param matching how many they are @returns undefined while they are tried */
export function useFixSuggestions(
  filter: RejectedFilter,
  fixes: readonly string[],
  matching: number,
): FixSuggestions | undefined {
  const [found, setFound] = useState<FixSuggestions>()
  useEffect(() => {
    const controller = new AbortController()
    setFound(undefined)
    const timer = setTimeout(() => {
      fetchFixSuggestions({ filter, fixes }, controller.signal).then(setFound, (error: unknown) => {
        if (!isAborted(error)) setFound(NOTHING_FOUND) // the preview of the same lines shows the error
      })
    }, DEBOUNCE_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [JSON.stringify(filter), fixes, matching])
  return found
}

/** Fixes that were tried on the lines that the user edits, after each pause in typing. */
export function useDraftSuggestions(drafts: readonly DraftLine[]): FixSuggestions | undefined {
  const [found, setFound] = useState<FixSuggestions>()
  useEffect(() => {
    const timer = setTimeout(
      () => {
        setFound(suggestFixes(drafts.map(({ row, text }) => ({ ...row, line: text }))))
      },
      found === undefined ? 0 : DEBOUNCE_MS,
    )
    return () => {
      clearTimeout(timer)
    }
  }, [drafts])
  return found
}
