import type { Report } from '../../../../lambda/report/report.ts'
import { Notice } from '../components/notice.tsx'
import { ForeignText, Prose } from '../components/text.tsx'
import { ViewTitle } from '../components/view-title.tsx'
import { counted, fileName } from '../format.ts'
import { openLines } from '../labels.ts'
import { RejectedLinesOfFile } from '../rejected/rejected-lines-view.tsx'
import { hrefOf, rejectedHref } from '../route.ts'
import { CancelButton } from './cancel-button.tsx'
import { HoldPanel } from './hold-panel.tsx'
import { ImportFacts } from './import-facts.tsx'
import { ImportState } from './import-state.tsx'
import './import-view.css'
import { NotifyButton } from './notify-button.tsx'
import { hasChart, ProgressChart } from './progress-chart.tsx'
import { RejectionReasons } from './rejection-reasons.tsx'
import { useReport } from './use-report.ts'

/** The one number that is still to be worked on. */
function OpenLines({ report }: { readonly report: Report }) {
  const open = openLines(report)
  if (open === 0 || report.state === 'held' || report.state === 'failed') return null
  return (
    <p class="open-lines">
      <a href={rejectedHref({ file: report.file.key })}>
        <strong>{counted(open, 'line')}</strong> still open
      </a>{' '}
      <span class="muted">
        of {counted(report.lines.total, 'line')}: fix and send {open === 1 ? 'it' : 'them'}, or discard{' '}
        {open === 1 ? 'it' : 'them'}.
      </span>
    </p>
  )
}

/** One import: why lines were rejected, its facts, its progress over time, and its rejected lines. */
export function ImportView({ id }: { readonly id: string }) {
  const { report, error } = useReport(id)
  if (report === undefined)
    return (
      <>
        <ViewTitle>Import</ViewTitle>
        {error === undefined ? (
          <p class="muted">Loading…</p>
        ) : (
          <Notice tone="error" role="alert">
            {error}
          </Notice>
        )}
        <p>
          <a href="#/">All imports</a>
        </p>
      </>
    )
  const { file, failure, lines, progress = [] } = report
  return (
    <>
      <p class="breadcrumb">
        <a href="#/">Imports</a>
      </p>
      <ViewTitle>
        <ForeignText text={fileName(file.key)} max={200} />
      </ViewTitle>
      <div role="status">
        <ImportState summary={{ id, report }} />
      </div>
      {failure !== undefined && (
        <Notice tone={report.state === 'skipped' ? 'neutral' : 'error'}>
          <strong>The file was {report.state === 'skipped' ? 'skipped' : 'rejected'}.</strong> <Prose text={failure.detail} />
        </Notice>
      )}
      {report.hold !== undefined && <HoldPanel id={id} report={report} />}
      {report.state === 'importing' && (
        <div class="actions">
          <CancelButton id={id} file={file.key} />
          <NotifyButton />
        </div>
      )}
      <OpenLines report={report} />
      {lines.rejected + lines.undeliverable > 0 && (
        <section aria-labelledby="reasons-title">
          <h2 id="reasons-title">Why lines were rejected</h2>
          <RejectionReasons report={report} />
        </section>
      )}
      <ImportFacts report={report} />
      {report.state !== 'skipped' && (
        <p>
          <a href={hrefOf({ kind: 'person', id })}>Was a person imported with this file?</a>
        </p>
      )}
      {hasChart(progress) && (
        <details open={report.state === 'importing'}>
          <summary>
            <h2>Progress over time</h2>
          </summary>
          <ProgressChart points={progress} />
        </details>
      )}
      <section aria-labelledby="rejected-title">
        <h2 id="rejected-title">Rejected lines to fix</h2>
        <RejectedLinesOfFile file={file.key} />
        <p>
          <a href={rejectedHref({ file: file.key })}>Open in the list of all rejected lines</a>
        </p>
      </section>
    </>
  )
}
