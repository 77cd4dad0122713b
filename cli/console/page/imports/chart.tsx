import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ProgressPoint } from '../../../../lambda/report/progress.ts'
import { durationText, grouped } from '../format.ts'

const HEIGHT = 240
/** Seconds between two marks of time; of others, such as 12.5, the rounded texts would not stand evenly. */
const STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
]
const DARK = '(prefers-color-scheme: dark)'

/** Lines delivered, and come back, as time went on; the same is told in words and as a table, for whoever does not see a picture. */
export function Chart({ points }: { readonly points: readonly ProgressPoint[] }) {
  const frame = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const [at, setAt] = useState<number>()
  const isDark = useIsDark()
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const made = new uPlot(optionsFor(element, setAt), dataOf(points), element)
    plot.current = made
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [isDark]) // a canvas does not know of style sheets: it is drawn anew in other colours
  useEffect(() => {
    plot.current?.setData(dataOf(points))
  }, [points])
  const shown = points[at ?? points.length - 1]
  return (
    <figure class="chart">
      <figcaption>
        <span class="key delivered">delivered {grouped(shown?.delivered ?? 0)}</span>
        <span class="key back">came back {grouped(shown?.notDelivered ?? 0)}</span>
        <span class="soft">after {durationText(shown?.atMs ?? 0)}</span>
      </figcaption>
      <div ref={frame} role="img" aria-label={summaryOf(points)} />
      <details>
        <summary>As a table</summary>
        <PointTable points={points} />
      </details>
    </figure>
  )
}

const MOST_ROWS = 20

function PointTable({ points }: { readonly points: readonly ProgressPoint[] }) {
  const step = Math.ceil(points.length / MOST_ROWS)
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
            Came back
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
  if (last === undefined) return 'Nothing yet'
  return `Lines over time: after ${durationText(last.atMs)}, ${grouped(last.delivered)} delivered and ${grouped(last.notDelivered)} come back`
}

function dataOf(points: readonly ProgressPoint[]): uPlot.AlignedData {
  return [
    points.map(({ atMs }) => atMs / 1000),
    points.map(({ delivered }) => delivered),
    points.map(({ notDelivered }) => notDelivered),
  ]
}

function optionsFor(element: HTMLElement, onCursor: (index: number | undefined) => void): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(name)
  const axis: uPlot.Axis = {
    stroke: colour('--ink-soft'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { stroke: colour('--rule'), width: 1 },
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.05)] } },
    axes: [
      { ...axis, incrs: STEPS, values: (_plot, seconds) => seconds.map((value) => durationText(value * 1000)) },
      { ...axis, size: 76, values: (_plot, lines) => lines.map((value) => (Number.isInteger(value) ? grouped(value) : '')) },
    ],
    series: [
      {},
      { stroke: colour('--accent'), width: 2, fill: colour('--accent-tint'), points: { show: false } },
      { stroke: colour('--warn'), width: 2, dash: [6, 4], points: { show: false } },
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx } }) => {
          onCursor(idx ?? undefined)
        },
      ],
    },
  }
}

function useIsDark(): boolean {
  const [isDark, setIsDark] = useState(() => matchMedia(DARK).matches)
  useEffect(() => {
    const query = matchMedia(DARK)
    const look = () => {
      setIsDark(query.matches)
    }
    query.addEventListener('change', look)
    return () => {
      query.removeEventListener('change', look)
    }
  }, [])
  return isDark
}
