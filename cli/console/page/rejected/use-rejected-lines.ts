import { signal, useComputed } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import type { DeadLetterPage } from '../../api-types.ts'
import { fetchRejectedLines, isAborted, lookAnew, messageOf, type RejectedQuery } from '../api-client.ts'
import { overview } from '../overview.ts'

/** What is near its end, as it was told last; the head of the page warns of it. */
export const nearEnd = signal<Pick<DeadLetterPage, 'nearTheirEnd' | 'firstForgottenAt'>>({ nearTheirEnd: 0 })

export interface RejectedState {
  readonly deadLetters?: DeadLetterPage
  readonly trouble?: string
  /** Whether what is shown is still that of the question before. */
  readonly isAsking: boolean
  /** Asks again for what is known. */
  readonly reload: () => void
  /** Has the queue looked through anew. */
  readonly look: () => void
}

const LOOKING_MS = 1500
/** The console lets the queue rest for some seconds after it has looked into it. */
const LATER_MS = 4000

/** One page of what came back; asked for anew when the number of dead letters changes, and as long as the console looks for more. */
export function useRejectedLines(question: RejectedQuery): RejectedState {
  const [state, setState] = useState<{
    readonly deadLetters?: DeadLetterPage
    readonly trouble?: string
    readonly answered?: string
  }>({})
  const [turn, setTurn] = useState(0)
  const count = useComputed(() => overview.value?.waiting.deadLetters).value
  const asked = JSON.stringify(question)
  const take = (deadLetters: DeadLetterPage) => {
    setState({ deadLetters, answered: asked })
    nearEnd.value = deadLetters
  }
  const fail = (error: unknown) => {
    if (!isAborted(error)) setState((before) => ({ ...before, trouble: messageOf(error), answered: asked }))
  }
  useEffect(() => {
    const controller = new AbortController()
    fetchRejectedLines(question, controller.signal).then(take, fail)
    return () => {
      controller.abort()
    }
  }, [asked, count, turn])
  const again = () => {
    if (document.visibilityState === 'visible') setTurn((before) => before + 1)
  }
  const isLooking = state.deadLetters?.isLooking === true
  useEffect(() => {
    if (!isLooking) return
    const timer = setInterval(again, LOOKING_MS)
    return () => {
      clearInterval(timer)
    }
  }, [isLooking])
  useEffect(() => {
    const timer = setTimeout(again, LATER_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [count])
  return {
    ...state,
    isAsking: state.answered !== asked,
    reload: again,
    look: () => {
      lookAnew(question).then(take, fail)
    },
  }
}
