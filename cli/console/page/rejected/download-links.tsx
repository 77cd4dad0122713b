import type { RejectedFilter } from '../../api-types.ts'
import { overview } from '../overview.ts'
import { normalized } from '../route.ts'

/** Downloads the lines that match a filter. */
export function DownloadLinks({ filter }: { readonly filter: RejectedFilter }) {
  const href = (format: string) => `api/rejected/download?${new URLSearchParams({ ...normalized(filter), format }).toString()}`
  return (
    <p class="muted download-links">
      Download these lines as{' '}
      <a href={href('csv')} download>
        CSV for a spreadsheet
      </a>{' '}
      or{' '}
      <a href={href('jsonl')} download>
        JSON lines
      </a>
      , which <code>npx km-import rejects replay{overview.value?.deploymentOptions}</code> sends after you have fixed them.
    </p>
  )
}
