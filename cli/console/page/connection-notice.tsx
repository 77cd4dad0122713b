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
          <code>npm start</code>): this page then continues by itself, unless another address is printed. Until then, it shows the
          last known state, and what you have edited stays.
        </>
      ) : (
        <>
          <strong>The console cannot read the current state.</strong> {message}
        </>
      )}
    </Notice>
  )
}
