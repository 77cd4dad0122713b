import { withFileName } from '../../../files/file-in-hint.ts'
import { Notice } from '../components/notice.tsx'
import { Prose } from '../components/text.tsx'
import { bytesText, counted, grouped } from '../format.ts'
import { meansOf } from '../labels.ts'
import type { FileCheck } from './check-file.ts'
import './check-result.css'

interface CheckSummaryProps {
  readonly check: FileCheck
  /** Of the file. A browser does not tell its folder. */
  readonly name: string
}

/** What an import of the checked file would do. */
export function CheckSummary({ check: { lines, blank, ready, refusal, extent, bytesRead }, name }: CheckSummaryProps) {
  if (refusal !== undefined)
    return (
      <Notice tone="error">
        <strong>The file would be rejected.</strong> <Prose text={withFileName(refusal.detail, name)} />
      </Notice>
    )
  if (extent === 'unchecked')
    return (
      <Notice tone="warning">
        <strong>Not checked:</strong> browsers cannot read zstd and brotli files. The importer checks each line when you import
        the file: it sends those that are valid, and rejects the others with a reason.
      </Notice>
    )
  if (lines === blank && extent === 'complete') return <Notice tone="warning">The file has no lines to import.</Notice>
  if (ready === 0 && extent === 'complete')
    return (
      <Notice tone="error">
        <strong>No line can be sent.</strong> Every line would be rejected, so there is nothing to import. Correct the file and
        choose it again.
      </Notice>
    )
  const rejected = lines - blank - ready
  const counts = (
    <strong>
      {counted(ready, 'line')} can be sent, {grouped(rejected)} would be rejected
    </strong>
  )
  return (
    <Notice tone={rejected === 0 ? 'good' : 'warning'}>
      {extent === 'complete' ? (
        <>{counts}. </>
      ) : (
        <>
          Of the first {counted(lines, 'line')} ({bytesText(bytesRead)} of the file): {counts}.{' '}
          {extent === 'partial'
            ? 'The rest was not checked. '
            : 'The browser could not unpack the rest; the import will show its result. '}
        </>
      )}
      {blank > 0 && <>{counted(blank, 'line is', 'lines are')} empty. </>}
    </Notice>
  )
}

const MAX_REASONS = 6

/** Why lines would be rejected, the most frequent reason first. */
export function CheckReasons({ check: { rejectedBy, refusal, content } }: { readonly check: FileCheck }) {
  if (refusal !== undefined || rejectedBy.length === 0) return null
  return (
    <ul class="check-reasons" aria-label="Why lines would be rejected">
      {rejectedBy.slice(0, MAX_REASONS).map(({ reason, count }) => {
        const first = content?.summary.rejectedBy[reason]?.examples[0]
        return (
          <li key={reason} title={reason}>
            <b>{grouped(count)}</b> <Prose text={meansOf(reason)} />
            {first !== undefined && <span class="muted">, first in line {grouped(first.line)}</span>}
          </li>
        )
      })}
      {rejectedBy.length > MAX_REASONS && <li class="muted">and {counted(rejectedBy.length - MAX_REASONS, 'more reason')}</li>}
    </ul>
  )
}
