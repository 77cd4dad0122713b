import { Notice } from '../components/notice.tsx'
import { grouped } from '../format.ts'

/** Says that the list is not whole, because others read the queue at the same time. */
export function InUseNotice({ inUse }: { readonly inUse: number }) {
  if (inUse === 0) return null
  return (
    <Notice tone="warning" role="status">
      <p>
        {inUse === 1
          ? '1 more line is in use; it reappears within 5 minutes.'
          : `${grouped(inUse)} more lines are in use; they reappear within 5 minutes.`}{' '}
        Another page or command is reading {inUse === 1 ? 'it' : 'them'} now.
      </p>
    </Notice>
  )
}
