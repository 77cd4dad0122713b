import type { ImportSummary, ReplayResult } from '../../api-types.ts'
import { Notice } from '../components/notice.tsx'
import { expectedImports, findExpected } from '../expected-imports.ts'
import { counted, grouped } from '../format.ts'
import { ImportState } from '../imports/import-state.tsx'
import type { Tone } from '../labels.ts'
import { overview } from '../overview.ts'
import { hrefOf } from '../route.ts'
import { closeResult, sentLines } from './send-lines.tsx'

/** The lines that were sent from this page, and the progress of their imports. */
export function SentLines() {
  if (sentLines.value.length === 0) return null
  return (
    <section aria-label="Sent lines">
      {sentLines.value.map((result) => (
        <SentNotice key={result} result={result} />
      ))}
    </section>
  )
}

function SentNotice({ result }: { readonly result: ReplayResult }) {
  const { key, sentBefore, missing, refused } = result
  const started = startedImport(key)
  const hasEnded = key === undefined || (started !== undefined && started.report.state !== 'importing')
  return (
    <Notice tone={toneOf(result, started, hasEnded)}>
      <SentText result={result} started={started} />
      {started !== undefined && <ImportState summary={started} />}
      {sentBefore > 0 && <p>{counted(sentBefore, 'line was', 'lines were')} already sent by an earlier attempt.</p>}
      {missing > 0 && (
        <p>
          {counted(missing, 'line was', 'lines were')} not sent: another user has sent or archived {missing === 1 ? 'it' : 'them'}
          , or is sending {missing === 1 ? 'it' : 'them'} now.
        </p>
      )}
      {refused.length > 0 && (
        <p>{counted(refused.length, 'line is not valid and stays', 'lines are not valid and stay')} here.</p>
      )}
      {hasEnded && (
        <button
          type="button"
          onClick={() => {
            closeResult(result)
          }}
        >
          Close
        </button>
      )}
    </Notice>
  )
}

function SentText({
  result: { key, lines },
  started,
}: {
  readonly result: ReplayResult
  readonly started: ImportSummary | undefined
}) {
  if (key === undefined)
    return (
      <p>
        <strong>Nothing was sent.</strong>
      </p>
    )
  if (started === undefined)
    return (
      <p>
        <strong>{counted(lines, 'line')} sent; the import starts.</strong>
      </p>
    )
  return (
    <p>
      <strong>{counted(lines, 'line')} sent.</strong> {grouped(started.report.lines.delivered)} delivered,{' '}
      {grouped(rejectedIn(started))} rejected. <a href={hrefOf({ kind: 'import', id: started.id })}>Show the import</a>
    </p>
  )
}

function startedImport(key: string | undefined): ImportSummary | undefined {
  const expected = key === undefined ? undefined : expectedImports.value.get(key)
  return key === undefined || expected === undefined ? undefined : findExpected(overview.value, key, expected)
}

function rejectedIn({ report: { lines } }: ImportSummary): number {
  return lines.rejected + lines.undeliverable
}

function toneOf({ key, refused }: ReplayResult, started: ImportSummary | undefined, hasEnded: boolean): Tone {
  if (!hasEnded) return 'running'
  const rejected = started === undefined ? 0 : rejectedIn(started)
  return rejected + refused.length === 0 && key !== undefined ? 'good' : 'warning'
}
