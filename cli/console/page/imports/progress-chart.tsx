import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ProgressPoint } from '../../../../lambda/report/progress.ts'
import { durationText, grouped } from '../format.ts'
import { chartOptions, CHART_HEIGHT } from './chart-options.ts'
import './progress-chart.css'

/** A shorter import would give an empty picture. */
const MIN_CHART_MS = 2_000

export function hasChart(points: readonly ProgressPoint[]): boolean {
  return points.length >= 2 && (points.at(-1)?.atMs ?? 0) >= MIN_CHART_MS
}

/** Delivered and rejected lines over time, as a chart and, for users who cannot see it, as a sentence and a table. */
export function ProgressChart({ points }: { readonly points: readonly ProgressPoint[] }) {
  const frame = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const [cursor, setCursor] = useState<number>()
  const isDark = useIsDark()
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const chart = new uPlot(chartOptions(element, setCursor), toSeries(points), element)
    plot.current = chart
    const observer = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height: CHART_HEIGHT })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.destroy()
    }
  }, [isDark]) // style sheets do not apply to a canvas, so another theme needs another chart
  useEffect(() => {
    plot.current?.setData(toSeries(points))
  }, [points])
  const shown = points[cursor ?? points.length - 1]
  return (
    <figure class="progress-chart">
      <figcaption>
        <span class="series-key">delivered {grouped(shown?.delivered ?? 0)}</span>
        <span class="series-key rejected">rejected {grouped(shown?.notDelivered ?? 0)}</span>
        <span class="muted">after {durationText(shown?.atMs ?? 0)}</span>
      </figcaption>
      <div ref={frame} role="img" aria-label={summaryOf(points)} />
      <details>
        <summary>As a table</summary>
        <PointTable points={points} />
      </details>
    </figure>
  )
}

const MAX_TABLE_ROWS = 20

function PointTable({ points }: { readonly points: readonly ProgressPoint[] }) {
  const step = Math.ceil(points.length / MAX_TABLE_ROWS)
  const shown = points.filter((_, index) => index % step === 0 || index === points.length - 1)
  return (
    <table class="narrow">
      <thead>
        <tr>
          <th scope="col" class="number">
            After
          </th>
          <th scope="col" class="number">
            Delivered
          </th>
          <th scope="col" class="number">
            Rejected
          </th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ atMs, delivered, notDelivered }) => (
          <tr key={atMs}>
            <td class="number">{durationText(atMs)}</td>
            <td class="number">{grouped(delivered)}</td>
            <td class="number">{grouped(notDelivered)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function summaryOf(points: readonly ProgressPoint[]): string {
  const last = points.at(-1)
  if (last === undefined) return 'No data yet'
  return `Lines over time: after ${durationText(last.atMs)}, ${grouped(last.delivered)} delivered and ${grouped(last.notDelivered)} rejected`
}

function toSeries(points: readonly ProgressPoint[]): uPlot.AlignedData {
  return [
    points.map(({ atMs }) => atMs / 1000),
    points.map(({ delivered }) => delivered),
    points.map(({ notDelivered }) => notDelivered),
  ]
}

const DARK = '(prefers-color-scheme: dark)'

function useIsDark(): boolean {
  const [isDark, setIsDark] = useState(() => matchMedia(DARK).matches)
  useEffect(() => {
    const query = matchMedia(DARK)
    const onChange = () => {
      setIsDark(query.matches)
    }
    query.addEventListener('change', onChange)
    return () => {
      query.removeEventListener('change', onChange)
    }
  }, [])
  return isDark
}
