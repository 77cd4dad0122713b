import type { DeadLetterPage } from '../../api-types.ts'
import { Notice, Time } from '../components.tsx'
import { counted } from '../format.ts'

/** Where a person who looks at something else would lose lines. */
export function NearEnd({
  deadLetters: { nearTheirEnd, firstForgottenAt },
  onArchive,
}: {
  readonly deadLetters: DeadLetterPage
  readonly onArchive: () => void
}) {
  if (nearTheirEnd === 0) return null
  return (
    <Notice tone="warn">
      <p>
        The queue forgets {counted(nearTheirEnd, 'line')} within four days
        {firstForgottenAt !== undefined && (
          <>
            , the first on <Time iso={firstForgottenAt} />
          </>
        )}
        . Kept in the bucket {nearTheirEnd === 1 ? 'it stays' : 'they stay'} as long as you like, and can be mended all the same.
      </p>
      <button type="button" onClick={onArchive}>
        Keep {counted(nearTheirEnd, 'line')}
      </button>
    </Notice>
  )
}
