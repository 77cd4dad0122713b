import { signal, useComputed } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { RejectedPage } from '../../api-types.ts'
import { fetchRejectedLines, isAborted, messageOf, refreshRejectedLines, type RejectedQuery } from '../api-client.ts'
import { overview } from '../overview.ts'

/** Lines that expire soon, as of the last answer; the page header warns of them. */
export const expiringSoon = signal(0)

export interface RejectedLines {
  readonly page?: RejectedPage
  readonly error?: string
  /** True while `page` is still the answer to an earlier query. */
  readonly isLoading: boolean
  /** Fetches the page again. */
  readonly reload: () => void
  /** Makes the console read the queue again. */
  readonly refresh: () => void
}

const REFRESHING_INTERVAL_MS = 1500
/** While others hold lines, the console reads the queue again at intervals. */
const IN_USE_INTERVAL_MS = 15_000
/** After a read, the console leaves the queue alone for some seconds: an immediate fetch would show old counts. */
const SECOND_FETCH_MS = 4000

/**
 * One page of rejected lines. Fetched again when the number of dead letters changes, and at intervals while the console reads the
 * queue.
 */
export function useRejectedLines(query: RejectedQuery): RejectedLines {
  const [state, setState] = useState<Pick<RejectedLines, 'page' | 'error'> & { readonly answered?: string }>({})
  const [fetchCount, setFetchCount] = useState(0)
  const changes = useChanges(useComputed(() => overview.value?.waiting.deadLetters).value)
  const queryJson = JSON.stringify(query)
  const onPage = (page: RejectedPage) => {
    setState({ page, answered: queryJson })
    expiringSoon.value = page.expiringSoon
  }
  const onError = (error: unknown) => {
    if (!isAborted(error)) setState((before) => ({ ...before, error: messageOf(error), answered: queryJson }))
  }
  useEffect(() => {
    const controller = new AbortController()
    fetchRejectedLines(query, controller.signal).then(onPage, onError)
    return () => {
      controller.abort()
    }
  }, [queryJson, changes, fetchCount])
  const reload = () => {
    if (document.visibilityState === 'visible') setFetchCount((before) => before + 1)
  }
  const isRefreshing = state.page?.isRefreshing === true
  const isInUse = (state.page?.inUse ?? 0) > 0
  useEffect(() => {
    if (!isRefreshing && !isInUse) return
    const timer = setInterval(reload, isRefreshing ? REFRESHING_INTERVAL_MS : IN_USE_INTERVAL_MS)
    return () => {
      clearInterval(timer)
    }
  }, [isRefreshing, isInUse])
  useEffect(() => {
    const timer = setTimeout(reload, SECOND_FETCH_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [changes])
  return {
    ...state,
    isLoading: state.answered !== queryJson,
    reload,
    refresh: () => {
      refreshRejectedLines(query).then(onPage, onError)
    },
  }
}

/** How often a number has changed. It arrives after the view is opened, and its arrival is not a change. */
function useChanges(value: number | undefined): number {
  const { current: seen } = useRef({ value, changes: 0 })
  if (value !== undefined && value !== seen.value) {
    if (seen.value !== undefined) seen.changes += 1
    seen.value = value
  }
  return seen.changes
}
