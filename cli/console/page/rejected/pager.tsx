import type { DeadLetterPage } from '../../api-types.ts'
import { grouped } from '../format.ts'

export function Pager({
  limit,
  offset,
  deadLetters,
  onOffset,
}: {
  readonly limit: number
  readonly offset: number
  readonly deadLetters: DeadLetterPage
  readonly onOffset: (offset: number) => void
}) {
  const { matching, rows } = deadLetters
  if (matching <= limit && offset === 0) return null
  return (
    <nav class="actions pager" aria-label="Pages">
      <button
        type="button"
        disabled={offset === 0}
        onClick={() => {
          onOffset(Math.max(0, offset - limit))
        }}
      >
        Previous
      </button>
      <span>
        {grouped(offset + 1)} to {grouped(offset + rows.length)} of {grouped(matching)}
      </span>
      <button
        type="button"
        disabled={offset + rows.length >= matching}
        onClick={() => {
          onOffset(offset + limit)
        }}
      >
        Next
      </button>
    </nav>
  )
}
