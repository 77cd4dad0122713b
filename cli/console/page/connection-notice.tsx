import { Notice } from './components/notice.tsx'
import { connectionError } from './overview.ts'

/** Shown while the console does not answer; disappears after the next successful poll. */
export function ConnectionNotice() {
  if (connectionError.value === undefined) return null
  const { message, isUnreachable } = connectionError.value
  return (
    <Notice tone="error" role="alert">
      {isUnreachable ? (
        <>
          <strong>The console has stopped.</strong> Start it again with <code>npx km-import console</code> (in local mode:{' '}
          <code>npm start</code>), and open the address that it prints. Until then, this page shows the last known state.
        </>
      ) : (
        <>
          <strong>The console cannot read the current state.</strong> {message}
        </>
      )}
    </Notice>
  )
}
