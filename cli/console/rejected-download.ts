import { INCOMING_PREFIX } from '../../lambda/keys.ts'
import { rowOf } from '../rejects/row.ts'

import { csvRow } from '../terminal/csv.ts'
import type { RejectedRow } from './api-types.ts'

export type DownloadFormat = 'jsonl' | 'csv'

export const DOWNLOAD_TYPES: Readonly<Record<DownloadFormat, string>> = {
  jsonl: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
}

/** Excel takes a CSV file without it for one in the encoding of the system. */
const BYTE_ORDER_MARK = '\ufeff'

const COLUMNS = ['file', 'line', 'reason', 'what is wrong and how to fix it', 'text of the line'] as const

/**
 * Rejected lines as a file. JSON lines have the form that `km-import rejects pull` writes and `rejects replay` reads. CSV is for people: a
 * text that a spreadsheet would run as a formula gets an apostrophe.
 */
export function* downloadParts(rows: Iterable<RejectedRow>, format: DownloadFormat): Generator<string> {
  if (format === 'csv') yield `${BYTE_ORDER_MARK}${csvRow(COLUMNS)}`
  for (const row of rows)
    if (row.kind === 'line' || row.kind === 'file' || (row.kind === 'group' && format === 'csv'))
      yield format === 'csv' ? csvLine(row) : `${jsonLine(row)}\n`
}

/** A name that says which lines are in the file. */
export function downloadName(key: string | undefined, format: DownloadFormat): string {
  const name = key === undefined ? '' : `${fileName(key).replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}.`
  return `${name}rejected.${format}`
}

function fileName(key: string): string {
  return key.startsWith(INCOMING_PREFIX) ? key.slice(INCOMING_PREFIX.length) : key
}

function csvLine({ key, lineNumber, reason, detail, line = '' }: RejectedRow): string {
  return csvRow([fileName(key), lineNumber ?? '', reason, detail, line])
}

function jsonLine(row: RejectedRow): string {
  const { id, reason, detail, key, lineNumber, line, hasInvalidBytes, isTruncated, failedAt, replays } = row
  return rowOf(id, {
    reason,
    detail,
    source: { key, ...(lineNumber !== undefined && { line: lineNumber }) },
    // A line with unreadable bytes is shown in the detail only: sent as it is here, it would not be the line of the file.
    ...(line !== undefined && !hasInvalidBytes && { line }),
    ...(isTruncated && { lineTruncated: true }),
    failedAt,
    replays,
  })
}
