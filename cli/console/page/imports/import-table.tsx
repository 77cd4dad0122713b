import type { ImportSummary } from '../../api-types.ts'
import { ForeignText } from '../components/text.tsx'
import { RelativeTime } from '../components/time.tsx'
import { counted, fileName, grouped } from '../format.ts'
import { openLines } from '../labels.ts'
import { hrefOf, rejectedHref } from '../route.ts'
import { ImportState } from './import-state.tsx'
import './import-table.css'

interface ImportTableProps {
  readonly imports: readonly ImportSummary[]
  /** Keys of files whose reports this version cannot read. */
  readonly newer: readonly string[]
}

export function ImportTable({ imports, newer }: ImportTableProps) {
  return (
    <div class="table-frame">
      <table class="imports">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Lines
            </th>
            <th scope="col" class="number">
              Delivered
            </th>
            <th scope="col" class="number">
              Still open
            </th>
            <th scope="col" class="wide">
              Started
            </th>
          </tr>
        </thead>
        <tbody>
          {imports.map((summary) => (
            <ImportRow key={summary.id} summary={summary} />
          ))}
          {newer.map((file) => (
            <tr key={file}>
              <th scope="row">
                <ForeignText text={fileName(file)} max={120} />
              </th>
              <td colSpan={5}>Imported by a newer version. Ask the person who runs the importer to use that version again.</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ImportRow({ summary }: { readonly summary: ImportSummary }) {
  const { id, report } = summary
  const { lines, startedAt, file } = report
  const open = openLines(report)
  const name = fileName(file.key)
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf({ kind: 'import', id })}>
          <ForeignText text={name} max={120} />
        </a>
      </th>
      <td>
        <ImportState summary={summary} />
      </td>
      <td class="number" data-label="Lines">
        {grouped(lines.total)}
      </td>
      <td class="number" data-label="Delivered">
        {grouped(lines.delivered)}
      </td>
      <td class="number" data-label="Still open">
        {open === 0 ? (
          '0'
        ) : (
          <a href={rejectedHref({ file: file.key })} aria-label={`${counted(open, 'open line')} of ${name}`}>
            {grouped(open)}
          </a>
        )}
      </td>
      <td class="wide muted">
        <RelativeTime iso={startedAt} />
      </td>
    </tr>
  )
}
