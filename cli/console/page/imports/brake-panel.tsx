import { useState } from 'preact/hooks'
import { messageOf, setPaused } from '../api-client.ts'
import { confirm } from '../components/confirm-dialog.tsx'
import { Notice } from '../components/notice.tsx'
import { RelativeTime } from '../components/time.tsx'
import { grouped } from '../format.ts'
import { overview } from '../overview.ts'
import { pollNow } from '../polling.ts'

/** Pauses all imports and lets them continue, and shows a limit that holds for all of them. */
export function BrakePanel() {
  const [error, setError] = useState<string>()
  if (overview.value === undefined) return null
  const { pausedSince, linesPerSecond } = overview.value
  const change = async (isPaused: boolean) => {
    setError(undefined)
    if (isPaused && !(await confirmPause())) return
    await setPaused(isPaused).catch((cause: unknown) => {
      setError(messageOf(cause))
    })
    pollNow()
  }
  return (
    <>
      {error !== undefined && (
        <Notice tone="error" role="alert">
          {error}
        </Notice>
      )}
      {pausedSince !== undefined && (
        <Notice tone="warning" role="status">
          <strong>All imports are paused</strong>, <RelativeTime iso={pausedSince} />. Nothing is sent, and nothing is lost.
        </Notice>
      )}
      {linesPerSecond !== undefined && (
        <p class="muted">All imports together send at most {grouped(linesPerSecond)} lines a second.</p>
      )}
      <div class="actions">
        <button type="button" onClick={() => void change(pausedSince === undefined)}>
          {pausedSince === undefined ? 'Pause all imports' : 'Resume all imports'}
        </button>
      </div>
    </>
  )
}

function confirmPause(): Promise<boolean> {
  return confirm({
    title: 'Pause all imports?',
    text: <p>Within 10 seconds, nothing more is sent. Nothing is lost: the imports continue when you resume them.</p>,
    action: 'Pause all imports',
  })
}
