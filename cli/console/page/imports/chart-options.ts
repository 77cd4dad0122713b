import type uPlot from 'uplot'
import { durationText, grouped } from '../format.ts'

export const CHART_HEIGHT = 240

/** Seconds between the labels of the time axis. Only steps that round well: labels at multiples of 12.5 s would look uneven. */
const TIME_STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
]

/**
 * Axes, lines and colours of the progress chart.
 *
 * @param element takes the colours and the font from its style
 * @param onCursor called with the index of the point under the cursor
 */
export function chartOptions(element: HTMLElement, onCursor: (index: number | undefined) => void): uPlot.Options {
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
    height: CHART_HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.05)] } },
    axes: [
      { ...axis, incrs: TIME_STEPS, values: (_plot, seconds) => seconds.map((value) => durationText(value * 1000)) },
      { ...axis, size: 76, values: (_plot, lines) => lines.map((value) => (Number.isInteger(value) ? grouped(value) : '')) },
    ],
    series: [
      {},
      { stroke: colour('--accent'), width: 2, fill: colour('--accent-tint'), points: { show: false } },
      { stroke: colour('--warning'), width: 2, dash: [6, 4], points: { show: false } },
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
