import type { RejectedPage } from '../../api-types.ts'
import { Notice } from '../components/notice.tsx'
import { LocalTime } from '../components/time.tsx'
import { counted } from '../format.ts'

interface ExpiringNoticeProps {
  readonly page: RejectedPage
  readonly onKeep: () => void
}

/** Warns that the queue will soon delete lines, and offers to keep them. */
export function ExpiringNotice({ page: { expiringSoon, firstExpiresAt }, onKeep }: ExpiringNoticeProps) {
  if (expiringSoon === 0) return null
  return (
    <Notice tone="warning">
      <p>
        {counted(expiringSoon, 'line expires', 'lines expire')} within four days
        {firstExpiresAt !== undefined && (
          <>
            , the first on <LocalTime iso={firstExpiresAt} />
          </>
        )}
        . Keep {expiringSoon === 1 ? 'it' : 'them'} to fix {expiringSoon === 1 ? 'it' : 'them'} later: lines that you keep do not
        expire.
      </p>
      <button type="button" onClick={onKeep}>
        Keep {counted(expiringSoon, 'line')}
      </button>
    </Notice>
  )
}
