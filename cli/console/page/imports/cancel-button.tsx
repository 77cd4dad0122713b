import { useState } from 'preact/hooks'
import { cancelImport, messageOf } from '../api-client.ts'
import { confirm } from '../components/confirm-dialog.tsx'
import { Notice } from '../components/notice.tsx'
import { fileName } from '../format.ts'

/** Cancels an import that has not ended. */
export function CancelButton({ id, file }: { readonly id: string; readonly file: string }) {
  const [isOrdered, setOrdered] = useState(false)
  const [error, setError] = useState<string>()
  const cancel = async () => {
    setError(undefined)
    const isConfirmed = await confirm({
      title: `Cancel the import of ${fileName(file)}?`,
      text: (
        <p>
          Within 10 seconds, nothing more of this file is sent, and it cannot be continued. What was delivered stays there; the
          report lists these lines.
        </p>
      ),
      action: 'Cancel the import',
    })
    if (!isConfirmed) return
    setOrdered(true)
    await cancelImport(id).catch((cause: unknown) => {
      setOrdered(false)
      setError(messageOf(cause))
    })
  }
  return (
    <>
      {error !== undefined && (
        <Notice tone="error" role="alert">
          {error}
        </Notice>
      )}
      <div class="actions">
        <button type="button" disabled={isOrdered} onClick={() => void cancel()}>
          {isOrdered ? 'Cancelling…' : 'Cancel this import'}
        </button>
      </div>
    </>
  )
}
