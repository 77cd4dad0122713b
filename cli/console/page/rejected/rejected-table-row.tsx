import type { RejectedRow } from '../../api-types.ts'
import { ForeignText, Prose } from '../components/text.tsx'
import { LocalTime, TimeLeft } from '../components/time.tsx'
import { fileName, grouped } from '../format.ts'
import { fixTextOf, meansOf } from '../labels.ts'
import { isFixable } from './drafts.ts'

interface RejectedTableRowProps {
  readonly row: RejectedRow
  readonly isSelected: boolean
  readonly hasFileName: boolean
  readonly onSelect: (isOn: boolean) => void
  readonly onFix: (row: RejectedRow) => void
  readonly onRetry: (row: RejectedRow) => void
}

export function RejectedTableRow({ row, isSelected, hasFileName, onSelect, onFix, onRetry }: RejectedTableRowProps) {
  const name = nameOf(row)
  return (
    <tr class={isSelected ? 'is-selected' : ''}>
      <td class="check">
        <input
          type="checkbox"
          aria-label={`Select ${name}`}
          checked={isSelected}
          onChange={({ currentTarget }) => {
            onSelect(currentTarget.checked)
          }}
        />
      </td>
      <td class="where">
        {placeOf(row)}
        {hasFileName && row.key !== '' && (
          <small title={row.key}>
            <ForeignText text={fileName(row.key)} max={80} />
          </small>
        )}
      </td>
      <td class="reason" title={row.reason}>
        <Prose text={reasonText(row)} />
        {row.replays > 0 && <small>rejected {grouped(row.replays + 1)} times</small>}
      </td>
      <td class="line">
        {row.line === undefined ? (
          <span class="muted">
            <Prose text={row.kind === 'group' ? row.detail : fixTextOf(row.reason)} />
          </span>
        ) : (
          <ForeignText text={row.line} max={240} />
        )}
        {row.isTruncated && (
          <small>Only the first 200 KiB are stored. Fix this line in the file, and import the file again.</small>
        )}
      </td>
      <td class="wide muted">
        {row.expiresAt === undefined ? <>never</> : <TimeLeft iso={row.expiresAt} />}
        <small>
          rejected <LocalTime iso={row.failedAt} />
        </small>
      </td>
      <td>
        {isFixable(row) && (
          <button
            type="button"
            aria-label={`Fix ${name}`}
            onClick={() => {
              onFix(row)
            }}
          >
            Fix
          </button>
        )}
        {row.kind === 'failed-import' && (
          <button
            type="button"
            aria-label={`Retry ${name}`}
            onClick={() => {
              onRetry(row)
            }}
          >
            Retry
          </button>
        )}
      </td>
    </tr>
  )
}

const KIND_LABELS = {
  line: 'line',
  file: 'whole file',
  group: 'many lines',
  'failed-import': 'failed import',
  newer: 'newer version',
  unknown: 'unknown message',
} as const

function placeOf({ lineNumber, groupedLines, kind }: RejectedRow): string {
  if (groupedLines !== undefined) return `${grouped(groupedLines)} lines`
  return lineNumber === undefined ? KIND_LABELS[kind] : `line ${grouped(lineNumber)}`
}

function nameOf({ lineNumber, key, kind }: RejectedRow): string {
  if (lineNumber !== undefined) return `line ${grouped(lineNumber)} of ${fileName(key)}`
  return key === '' ? KIND_LABELS[kind] : fileName(key)
}

/** A detail says what is wrong and then what to do. The table shows only the first part. */
function reasonText({ reason, detail }: RejectedRow): string {
  const fix = fixTextOf(reason)
  const text = detail.endsWith(fix) ? detail.slice(0, -fix.length).trimEnd() : meansOf(reason)
  return text.replace(/\.$/, '')
}
