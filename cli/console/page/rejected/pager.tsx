import type { RejectedPage } from '../../api-types.ts'
import { grouped } from '../format.ts'

interface PagerProps {
  readonly limit: number
  readonly offset: number
  readonly page: RejectedPage
  readonly onOffset: (offset: number) => void
}

export function Pager({ limit, offset, page: { matching, rows }, onOffset }: PagerProps) {
  if (matching <= limit && offset === 0) return null
  return (
    <nav class="actions" aria-label="Pages">
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
