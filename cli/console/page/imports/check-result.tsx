import { WARNINGS } from '../../../../lambda/reasons.ts'
import { Notice } from '../components/notice.tsx'
import { Prose } from '../components/text.tsx'
import { bytesText, counted, grouped } from '../format.ts'
import { ImportWarning } from '../import-warning.tsx'
import { meansOf } from '../labels.ts'
import type { FileCheck } from './check-file.ts'
import './check-result.css'

/** What an import of the checked file would do. */
export function CheckSummary({ check: { lines, blank, ready, refusal, extent, bytesRead } }: { readonly check: FileCheck }) {
  if (refusal !== undefined)
    return (
      <Notice tone="error">
        <strong>The file would be rejected.</strong> <Prose text={refusal.detail} />
      </Notice>
    )
  if (extent === 'unchecked')
    return (
      <Notice tone="warning">
        <strong>Not checked:</strong> browsers cannot read zstd and brotli files. The importer checks each line when you import
        the file: it sends those that are valid, and rejects the others with a reason. <ImportWarning />
      </Notice>
    )
  if (lines === blank && extent === 'complete') return <Notice tone="warning">The file has no lines to import.</Notice>
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
      <ImportWarning />
    </Notice>
  )
}

const MAX_REASONS = 6

/** Why lines would be rejected, the most frequent reason first. */
export function CheckReasons({ check: { rejectedBy, refusal } }: { readonly check: FileCheck }) {
  if (refusal !== undefined || rejectedBy.length === 0) return null
  return (
    <ul class="check-reasons">
      {rejectedBy.slice(0, MAX_REASONS).map(({ reason, count }) => (
        <li key={reason} title={reason}>
          <b>{grouped(count)}</b> <Prose text={meansOf(reason)} />
        </li>
      ))}
      {rejectedBy.length > MAX_REASONS && <li class="muted">and {counted(rejectedBy.length - MAX_REASONS, 'more reason')}</li>}
    </ul>
  )
}

/** What is unusual in the lines that can be sent. They are sent all the same. */
export function CheckWarnings({ check: { warnings, refusal } }: { readonly check: FileCheck }) {
  if (refusal !== undefined || warnings.length === 0) return null
  return (
    <ul class="check-reasons" aria-label="Warnings">
      {warnings.map(({ warning, count }) => (
        <li key={warning} title={warning}>
          <b>{grouped(count)}</b> times {WARNINGS[warning]}
        </li>
      ))}
    </ul>
  )
}
