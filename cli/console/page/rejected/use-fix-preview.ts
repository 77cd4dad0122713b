import { useEffect, useState } from 'preact/hooks'
import type { FixPreview, RejectedFilter } from '../../api-types.ts'
import { fetchFixPreview, isAborted, messageOf } from '../api-client.ts'

interface PreviewState {
  /** While another preview loads, still the last one. */
  readonly preview?: FixPreview
  readonly error?: string
  readonly isLoading: boolean
}

const DEBOUNCE_MS = 200

/** @param matching how many lines match the filter: another number means that the preview is outdated */
export function useFixPreview(filter: RejectedFilter, fixes: readonly string[], matching: number): PreviewState {
  const [state, setState] = useState<PreviewState>({ isLoading: true })
  useEffect(() => {
    const controller = new AbortController()
    setState(({ preview }) => ({ ...(preview !== undefined && { preview }), isLoading: true }))
    const timer = setTimeout(() => {
      fetchFixPreview({ filter, fixes }, controller.signal).then(
        (preview) => {
          setState({ preview, isLoading: false })
        },
        (error: unknown) => {
          if (!isAborted(error)) setState({ error: messageOf(error), isLoading: false })
        },
      )
    }, DEBOUNCE_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [JSON.stringify(filter), fixes, matching])
  return state
}
