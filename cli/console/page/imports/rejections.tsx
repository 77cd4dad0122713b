import type { ReasonCode } from '../../../../lambda/reasons.ts'
import type { Report } from '../../../../lambda/report/report.ts'
import { Prose } from '../components.tsx'
import { rejectedHref } from '../route.ts'
import { counted, grouped } from '../format.ts'
import { meansOf, fixTextOf } from '../labels.ts'

const SHOWN_EXAMPLES = 5

/** Why lines came back: a picture of bars that is a table, the most frequent first. */
export function Rejections({ report }: { readonly report: Report }) {
  const rows = (Object.entries(report.rejectedBy) as [ReasonCode, Rejected][]).toSorted(([, a], [, b]) => b.count - a.count)
  const most = rows[0]?.[1].count ?? 1
  return (
    <div class="frame">
      <table class="rejections">
        <thead>
          <tr>
            <th scope="col">Reason</th>
            <th scope="col" class="number">
              Lines
            </th>
            <th scope="col">How to mend it</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([reason, rejected]) => (
            <Row key={reason} reason={reason} rejected={rejected} share={rejected.count / most} file={report.file.key} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

type Rejected = NonNullable<Report['rejectedBy'][ReasonCode]>

interface RowProps {
  readonly reason: ReasonCode
  readonly rejected: Rejected
  readonly share: number
  readonly file: string
}

function Row({ reason, rejected: { count, examples }, share, file }: RowProps) {
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
      <td class="number">{grouped(count)}</td>
      <td>
        <Prose text={fixTextOf(reason)} />
        <details>
          <summary>
            {examples.length < count ? `The first ${counted(Math.min(SHOWN_EXAMPLES, examples.length), 'line')}` : 'Which lines'}
          </summary>
          <ul>
            {examples.slice(0, SHOWN_EXAMPLES).map(({ line, detail }) => (
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
