import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { WARNINGS, type WarningCode } from '../../../../lambda/reasons.ts'
import type { Report } from '../../../../lambda/report/report.ts'
import { fetchReport, isAborted, messageOf } from '../api-client.ts'
import { RejectedPanel } from '../rejected/rejected-lines.tsx'
import { overview } from '../overview.ts'
import { Foreign, Notice, Prose, Time, Title } from '../components.tsx'
import { rejectedHref } from '../route.ts'
import { bytesText, counted, fileName, durationText, grouped } from '../format.ts'
import { Chart } from './chart.tsx'
import { State } from './imports.tsx'
import { Rejections } from './rejections.tsx'

/** One drop: what it was, how it went, and what came back of it. */
export function ImportDetailView({ id }: { readonly id: string }) {
  const { report, trouble } = useReport(id)
  if (report === undefined)
    return (
      <>
        <Title>Import</Title>
        {trouble === undefined ? (
          <p class="soft">Asking the console…</p>
        ) : (
          <Notice tone="bad" role="alert">
            {trouble}
          </Notice>
        )}
        <p>
          <a href="#/">All imports</a>
        </p>
      </>
    )
  const { key } = report.file
  const back = report.lines.rejected + report.lines.undeliverable
  return (
    <>
      <p class="crumb">
        <a href="#/">Imports</a>
      </p>
      <Title>
        <Foreign text={fileName(key)} most={200} />
      </Title>
      <div role="status">
        <State file={{ id, report }} />
      </div>
      {report.failure !== undefined && (
        <Notice tone="bad">
          <strong>The file came back as a whole.</strong> <Prose text={report.failure.detail} />
        </Notice>
      )}
      <Facts report={report} />
      <section aria-labelledby="time-title">
        <h2 id="time-title">Over time</h2>
        <Course report={report} />
      </section>
      {back > 0 && (
        <section aria-labelledby="reasons-title">
          <h2 id="reasons-title">Why lines came back</h2>
          <Rejections report={report} />
        </section>
      )}
      <section aria-labelledby="waiting-title">
        <h2 id="waiting-title">What of it waits to be mended</h2>
        <RejectedPanel file={key} />
        <p>
          <a href={rejectedHref({ file: key })}>See it among everything that came back</a>
        </p>
      </section>
    </>
  )
}

/** From the overview as long as it is among the newest; else it is asked for by itself, once, and again as long as it goes on. */
function useReport(id: string): { readonly report?: Report; readonly trouble?: string } {
  const now = overview.value
  const listed = now?.files.find((file) => file.id === id)?.report
  const [asked, setAsked] = useState<{ readonly id: string; readonly report?: Report; readonly trouble?: string }>({ id })
  const own = asked.id === id ? asked : { id }
  const isOver = own.report !== undefined && own.report.state !== 'importing'
  const isNeeded = now !== undefined && listed === undefined && !isOver
  useEffect(() => {
    if (!isNeeded) return
    const controller = new AbortController()
    fetchReport(id, controller.signal).then(
      (report) => {
        setAsked({ id, report })
      },
      (error: unknown) => {
        if (!isAborted(error)) setAsked({ id, trouble: messageOf(error) })
      },
    )
    return () => {
      controller.abort()
    }
  }, [id, isNeeded, now])
  return listed === undefined ? own : { report: listed }
}

/** Of what is done sooner a picture would show nothing. */
const SHORTEST_MS = 2_000

function Course({ report: { progress = [] } }: { readonly report: Report }) {
  if (progress.length < 2 || (progress.at(-1)?.atMs ?? 0) < SHORTEST_MS)
    return <p class="soft">It was too short for a picture of its course.</p>
  return <Chart points={progress} />
}

function Facts({ report }: { readonly report: Report }) {
  const { lines, commands, file, startedAt, finishedAt, repeatsPossible, time } = report
  const warnings = Object.entries(report.warnings) as [WarningCode, number][]
  return (
    <dl class="facts">
      <Fact name="Lines">{grouped(lines.total)}</Fact>
      <Fact name="Delivered" note={commandsText(commands)}>
        {grouped(lines.delivered)}
      </Fact>
      <Fact name="Came back" note={lines.undeliverable > 0 ? `${grouped(lines.undeliverable)} not taken by Kissmetrics` : ''}>
        {grouped(lines.rejected + lines.undeliverable)}
      </Fact>
      <Fact name="Empty lines">{grouped(lines.blank)}</Fact>
      <Fact name="Size">{bytesText(file.bytes)}</Fact>
      <Fact name="Begun">
        <Time iso={startedAt} />
      </Fact>
      {finishedAt !== undefined && (
        <Fact name="Took">{durationText(new Date(finishedAt).getTime() - new Date(startedAt).getTime())}</Fact>
      )}
      {time !== undefined && (
        <Fact name="Tells of">
          <Time iso={isoOf(time.first)} /> to <Time iso={isoOf(time.last)} />
        </Fact>
      )}
      {repeatsPossible > 0 && (
        <Fact name="Sent twice" note="an earlier try broke off; Kissmetrics counts repeats once">
          at most {grouped(repeatsPossible)}
        </Fact>
      )}
      {warnings.map(([code, count]) => (
        <Fact key={code} name="Noticed" note={WARNINGS[code]}>
          {counted(count, 'time')}
        </Fact>
      ))}
    </dl>
  )
}

interface FactProps {
  readonly name: string
  readonly note?: string
  readonly children: ComponentChildren
}

function Fact({ name, note = '', children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {note !== '' && <small>{note}</small>}
      </dd>
    </div>
  )
}

function commandsText({ record, set, alias }: Report['commands']): string {
  const parts = [
    record > 0 ? counted(record, 'event') : '',
    set > 0 ? `${grouped(set)} of properties` : '',
    alias > 0 ? counted(alias, 'alias', 'aliases') : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

function isoOf(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString()
}
