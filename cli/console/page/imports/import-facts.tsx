import { WARNINGS, type WarningCode } from '../../../../lambda/reasons.ts'
import type { Report } from '../../../../lambda/report/report.ts'
import { Fact } from '../components/fact.tsx'
import { LocalTime } from '../components/time.tsx'
import { bytesText, counted, durationText, grouped, timeText } from '../format.ts'

/** The counts, times and warnings of an import. */
export function ImportFacts({ report }: { readonly report: Report }) {
  const { lines, commands, file, startedAt, finishedAt, repeatsPossible, time } = report
  const warnings = Object.entries(report.warnings) as [WarningCode, number][]
  return (
    <dl class="import-facts">
      <Fact name="Lines">{grouped(lines.total)}</Fact>
      <Fact name="Delivered" note={commandsText(commands)}>
        {grouped(lines.delivered)}
      </Fact>
      <Fact name="Rejected" note={rejectedText(report)}>
        {grouped(lines.rejected + lines.undeliverable)}
      </Fact>
      <Fact name="Empty lines">{grouped(lines.blank)}</Fact>
      <Fact name="Size">{bytesText(file.bytes)}</Fact>
      <Fact name="Started">
        <LocalTime iso={startedAt} />
      </Fact>
      {finishedAt !== undefined && (
        <Fact name="Duration">{durationText(new Date(finishedAt).getTime() - new Date(startedAt).getTime())}</Fact>
      )}
      {time !== undefined && (
        <Fact name="Events dated">
          <LocalTime iso={isoOf(time.first)} />
          {timeText(isoOf(time.last)) !== timeText(isoOf(time.first)) && (
            <>
              {' '}
              to <LocalTime iso={isoOf(time.last)} />
            </>
          )}
        </Fact>
      )}
      {repeatsPossible > 0 && (
        <Fact name="Sent twice" note="repeats count once">
          at most {grouped(repeatsPossible)}
        </Fact>
      )}
      {Object.entries(report.fixedBy ?? {}).map(([rule, count]) => (
        <Fact key={rule} name="Import rule" note={rule}>
          {counted(count, 'line')}
        </Fact>
      ))}
      {warnings.map(([code, count]) => (
        <Fact key={code} name="Warning" note={WARNINGS[code]}>
          {counted(count, 'time')}
        </Fact>
      ))}
    </dl>
  )
}

function rejectedText({ lines: { undeliverable }, rejects }: Report): string {
  const { open, fixed, discarded } = rejects ?? { open: 0, fixed: 0, discarded: 0 }
  const parts = [
    undeliverable > 0 ? `${grouped(undeliverable)} of them undeliverable` : '',
    ...(fixed + discarded > 0
      ? [`${grouped(open)} still open`, `${grouped(fixed)} fixed`, discarded > 0 ? `${grouped(discarded)} discarded` : '']
      : []),
  ]
  return parts.filter((part) => part !== '').join(', ')
}

function commandsText({ record, set, alias }: Report['commands']): string {
  const parts = [
    record > 0 ? counted(record, 'event') : '',
    set > 0 ? counted(set, 'property update') : '',
    alias > 0 ? counted(alias, 'alias', 'aliases') : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

function isoOf(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString()
}
