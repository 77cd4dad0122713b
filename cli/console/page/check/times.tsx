import type { HistogramUnit, TimeSummary } from '../../../preview/summary.ts'
import { grouped, periodText } from '../format.ts'

/** When the events happened: a bar for each month, or for another unit that fits. */
export function Times({ time }: { readonly time: TimeSummary | undefined }) {
  if (time === undefined) return null
  const { first, last, unit, histogram } = time
  const most = Math.max(...histogram.map(({ lines }) => lines))
  return (
    <details class="check-section" open>
      <summary>Dated {periodText(first, last)}</summary>
      <table class="histogram">
        <thead class="visually-hidden">
          <tr>
            <th scope="col">{unit}</th>
            <th scope="col">Lines</th>
          </tr>
        </thead>
        <tbody>
          {histogram.map(({ start, lines }) => (
            <tr key={start}>
              <th scope="row">{unitText(start, unit)}</th>
              <td class="number">{grouped(lines)}</td>
              <td class="histogram-bar" aria-hidden="true">
                <span style={{ width: `${lines === 0 ? 0 : Math.max(1, (lines / most) * 100)}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

/** In UTC, as Kissmetrics stores it. */
function unitText(start: number, unit: HistogramUnit): string {
  const iso = new Date(start * 1000).toISOString()
  switch (unit) {
    case 'hour':
      return iso.slice(0, 16).replace('T', ' ')
    case 'day':
    case 'week':
      return iso.slice(0, 10)
    case 'month':
      return iso.slice(0, 7)
    case 'quarter':
      return `${iso.slice(0, 4)} Q${Math.ceil(Number(iso.slice(5, 7)) / 3)}`
    case 'year':
      return iso.slice(0, 4)
  }
}
