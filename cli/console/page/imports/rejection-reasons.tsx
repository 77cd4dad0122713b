import type { ReasonCode } from '../../../../lambda/reasons.ts'
import type { Report } from '../../../../lambda/report/report.ts'
import { Prose } from '../components/text.tsx'
import { counted, grouped } from '../format.ts'
import { fixTextOf, meansOf } from '../labels.ts'
import { ReasonExample } from '../help/reason-example.tsx'
import { reasonDoc } from '../help/reasons.ts'
import { hrefOf, rejectedHref } from '../route.ts'
import './rejection-reasons.css'

const MAX_EXAMPLES = 5

type RejectedBy = NonNullable<Report['rejectedBy'][ReasonCode]>

/** The reasons for which lines of a file were rejected, the most frequent first: a bar chart that is also a table. */
export function RejectionReasons({ report }: { readonly report: Report }) {
  const rows = (Object.entries(report.rejectedBy) as [ReasonCode, RejectedBy][]).toSorted(([, a], [, b]) => b.count - a.count)
  const largest = rows[0]?.[1].count ?? 1
  return (
    <div class="table-frame">
      <table class="rejection-reasons">
        <thead>
          <tr>
            <th scope="col">Reason</th>
            <th scope="col" class="number">
              Lines
            </th>
            <th scope="col">How to fix it</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([reason, rejected]) => (
            <ReasonRow key={reason} reason={reason} rejected={rejected} share={rejected.count / largest} file={report.file.key} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface ReasonRowProps {
  readonly reason: ReasonCode
  readonly rejected: RejectedBy
  /** Length of the bar, from 0 to 1. */
  readonly share: number
  readonly file: string
}

function ReasonRow({ reason, rejected: { count, examples }, share, file }: ReasonRowProps) {
  const doc = reasonDoc(reason)
  return (
    <tr>
      <th scope="row">
        <a href={rejectedHref({ file, reason })} title={reason}>
          <Prose text={meansOf(reason)} />
        </a>
        <div class="bar" aria-hidden="true">
          <span style={{ width: `${Math.max(share * 100, 1)}%` }} />
        </div>
      </th>
      <td class="number" data-label={count === 1 ? 'line' : 'lines'}>
        {grouped(count)}
      </td>
      <td>
        <Prose text={fixTextOf(reason)} />
        {doc !== undefined && (
          <details>
            <summary>Example of a bad line, fixed</summary>
            <ReasonExample reason={doc} />
            <p>
              <a href={hrefOf({ kind: 'help', reason })}>More about this reason</a>
            </p>
          </details>
        )}
        <details>
          <summary>
            {examples.length < count ? `The first ${counted(Math.min(MAX_EXAMPLES, examples.length), 'line')}` : 'Which lines'}
          </summary>
          <ul>
            {examples.slice(0, MAX_EXAMPLES).map(({ line, detail }) => (
              <li key={line}>
                Line {grouped(line)}: <Prose text={detail} />
              </li>
            ))}
          </ul>
        </details>
      </td>
    </tr>
  )
}
