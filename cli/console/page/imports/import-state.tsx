import type { Report } from '../../../../lambda/report/report.ts'
import type { ImportSummary } from '../../api-types.ts'
import { Icon, Status } from '../components/icon.tsx'
import { expectedImports, findExpected } from '../expected-imports.ts'
import { counted, durationText, fileName, grouped } from '../format.ts'
import { STATE_TONES, staleText, stateText } from '../labels.ts'
import './import-state.css'

/** The state of an import in words, with its icon; during the import also its progress. */
export function ImportState({ summary }: { readonly summary: ImportSummary }) {
  const { report } = summary
  const tone = STATE_TONES[report.state]
  if (report.state !== 'importing') return <Status tone={tone}>{stateText(report)}</Status>
  const { delivered, rejected, undeliverable, blank } = report.lines
  const settled = delivered + rejected + undeliverable + blank
  const total = expectedLines(summary)
  const rate = linesPerSecond(report)
  return (
    <div class={`status ${tone}`}>
      <Icon tone={tone} />
      <div class="import-progress">
        {stateText(report)}
        {staleText(report, Date.now())}
        <progress
          aria-label={`Import of ${fileName(report.file.key)}`}
          {...(total !== undefined && total > 0 && { max: total, value: settled })}
        />
        <span class="muted">
          {progressText(settled, total)}
          {rate === undefined ? '' : `, ${grouped(rate)} per second`}
          {timeLeft(settled, total, rate)}
        </span>
      </div>
    </div>
  )
}

function progressText(settled: number, total: number | undefined): string {
  if (total === undefined) return `${counted(settled, 'line')} so far`
  const percent = total === 0 ? 0 : Math.min(100, Math.floor((settled / total) * 100))
  return `${percent}%: ${grouped(settled)} of ${counted(total, 'line')}`
}

function timeLeft(settled: number, total: number | undefined, rate: number | undefined): string {
  if (total === undefined || rate === undefined || rate === 0 || settled >= total) return ''
  return `, about ${durationText(Math.ceil((total - settled) / rate) * 1000)} left`
}

/** Lines of the file, if it was split, or if the page counted them before it uploaded the file. */
function expectedLines(summary: ImportSummary): number | undefined {
  const { segments, file } = summary.report
  if (segments !== undefined) return segments.reduce((sum, { lines }) => sum + lines, 0)
  const { key } = file
  const expected = expectedImports.value.get(key)
  return expected && findExpected({ imports: [summary] }, key, expected) && expected.lines
}

const RATE_WINDOW_MS = 10_000

/** The import rate in the last seconds that the report covers. */
function linesPerSecond({ progress = [] }: Report): number | undefined {
  const last = progress.at(-1)
  const first = last && (progress.findLast(({ atMs }) => last.atMs - atMs >= RATE_WINDOW_MS) ?? progress[0])
  if (last === undefined || first === undefined || last.atMs === first.atMs) return undefined
  const lines = last.delivered + last.notDelivered - first.delivered - first.notDelivered
  return Math.round((lines * 1000) / (last.atMs - first.atMs))
}
