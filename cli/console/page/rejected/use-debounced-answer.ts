import { useEffect, useState } from 'preact/hooks'
import { isAborted, messageOf } from '../api-client.ts'

interface DebouncedAnswer<Answer> {
  /** While another one is awaited, still the last one. Left out after an error. */
  readonly answer?: Answer
  readonly error?: string
  readonly isLoading: boolean
}

const DEBOUNCE_MS = 200

/**
 * The answer to a question that changes while the user types. The first question is asked at once, a later one after a pause; the
 * question before it is aborted.
 *
 * @param inputs what the question depends on
 */
export function useDebouncedAnswer<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  inputs: readonly unknown[],
): DebouncedAnswer<Answer> {
  const [state, setState] = useState<DebouncedAnswer<Answer>>({ isLoading: true })
  const isFirst = state.isLoading && state.answer === undefined
  useEffect(() => {
    const controller = new AbortController()
    setState(({ answer }) => ({ ...(answer !== undefined && { answer }), isLoading: true }))
    const timer = setTimeout(
      () => {
        ask(controller.signal).then(
          (answer) => {
            if (!controller.signal.aborted) setState({ answer, isLoading: false })
          },
          (error: unknown) => {
            if (!isAborted(error)) setState({ error: messageOf(error), isLoading: false })
          },
        )
      },
      isFirst ? 0 : DEBOUNCE_MS,
    )
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, inputs)
  return state
}
