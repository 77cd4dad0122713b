import { Notice } from './components/notice.tsx'
import { ForeignText } from './components/text.tsx'
import { connectionError, overview } from './overview.ts'

/** Shown while the console does not answer; disappears after the next successful poll. */
export function ConnectionNotice() {
  if (connectionError.value === undefined) return <UnreachableEndpoint />
  const { message, isUnreachable } = connectionError.value
  return (
    <Notice tone="error" role="alert">
      {isUnreachable ? (
        <>
          <strong>The console has stopped.</strong> Start it again with{' '}
          <code>npx km-import console{overview.value?.deploymentOptions}</code> (in local mode: <code>npm start</code>): this page
          then continues by itself, unless another address is printed. Until then, it shows the last known state, and what you
          have edited stays.
        </>
      ) : (
        <>
          <strong>The console cannot read the current state.</strong> {message}
        </>
      )}
    </Notice>
  )
}

/** The importer tries again by itself, so this only says why nothing happens. */
function UnreachableEndpoint() {
  const why = overview.value?.unreachable
  if (why === undefined) return null
  return (
    <Notice tone="warning" role="alert">
      <strong>No line can be sent.</strong> <ForeignText text={why} /> Imports wait, and continue by themselves.
    </Notice>
  )
}
