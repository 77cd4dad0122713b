import { useEffect, useReducer } from 'preact/hooks'
import { relativeText, timeLeftText, timeText } from '../format.ts'

interface TimeProps {
  /** ISO 8601. */
  readonly iso: string
}

/** "3 min ago", kept up to date. */
export function RelativeTime({ iso }: TimeProps) {
  const now = useNow()
  return (
    <time dateTime={iso} title={iso}>
      {relativeText(iso, now)}
    </time>
  )
}

/** "13 days", kept up to date. */
export function TimeLeft({ iso }: TimeProps) {
  const now = useNow()
  return (
    <time dateTime={iso} title={iso}>
      {timeLeftText(iso, now)}
    </time>
  )
}

/** Date and time in the user's time zone. */
export function LocalTime({ iso }: TimeProps) {
  return (
    <time dateTime={iso} title={iso}>
      {timeText(iso)}
    </time>
  )
}

const REDRAW_MS = 10_000

/** The time of this rendering: what is shown may be younger than the last redraw. */
function useNow(): number {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    const timer = setInterval(() => {
      redraw(undefined)
    }, REDRAW_MS)
    return () => {
      clearInterval(timer)
    }
  }, [])
  return Date.now()
}
