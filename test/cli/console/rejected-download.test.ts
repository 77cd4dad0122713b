import { describe, expect, test } from '@jest/globals'
import type { RejectedRow } from '../../../cli/console/api-types.ts'
import { downloadName, downloadParts } from '../../../cli/console/rejected-download.ts'
import { readRow } from '../../../cli/rejects/row.ts'

const ROW: RejectedRow = {
  id: 'message-1',
  kind: 'line',
  reason: 'missing_timestamp',
  detail: 'The time is missing.',
  key: 'incoming/may.jsonl',
  lineNumber: 3,
  line: '{"_p":"a"}',
  hasInvalidBytes: false,
  isTruncated: false,
  replays: 0,
  failedAt: '2026-11-01T00:00:00.000Z',
  status: 'queued',
}

const text = (rows: readonly RejectedRow[], format: 'jsonl' | 'csv') => [...downloadParts(rows, format)].join('')

describe('a download of rejected lines', () => {
  test('as JSON lines has rows that `rejects replay` reads', () => {
    expect(readRow(text([ROW], 'jsonl').trimEnd(), 1)).toEqual({
      number: 1,
      id: 'message-1',
      line: '{"_p":"a"}',
      isPatched: false,
      isGroup: false,
      source: { key: 'incoming/may.jsonl', line: 3 },
    })
  })

  // prettier-ignore
  test.each([
    // line of the row                          in JSON lines, the line is
    [ 'is not JSON',                { line: '{"_p":' },                          '{"_p":' ],
    [ 'had unreadable bytes',       { line: '{"_p":"\ufffd"}', hasInvalidBytes: true }, undefined ],
    [ 'is not stored',              { kind: 'file' as const, line: undefined },  undefined ],
  ])('a line that %s', (_what, { line, ...rest }, expected) => {
    const { line: _line, ...others } = ROW
    expect(readRow(text([{ ...others, ...(line !== undefined && { line }), ...rest }], 'jsonl').trimEnd(), 1).line).toBe(expected)
  })

  test('has many lines that share a dead letter only as CSV: they cannot be sent from here', () => {
    const { line: _line, lineNumber: _number, ...rest } = ROW
    const group = { ...rest, kind: 'group', groupedLines: 12_000 } as const
    expect([text([group], 'jsonl'), text([group], 'csv').split('\n')[1]]).toEqual([
      '',
      'may.jsonl,,missing_timestamp,The time is missing.,',
    ])
  })

  test('leaves out messages that are about no line or file', () => {
    expect(text([{ ...ROW, kind: 'failed-import' }], 'jsonl')).toBe('')
  })

  test.each(['=1+1', '+1', '-1', '@SUM(A1)'])('as CSV runs no formula: %s', (line) => {
    const [, row] = text([{ ...ROW, line }], 'csv').split('\n')
    expect(row).toBe(`may.jsonl,3,missing_timestamp,The time is missing.,'${line}`)
  })

  // prettier-ignore
  test.each([
    [ undefined,                      'rejected.csv' ],
    [ 'incoming/may.jsonl',           'may.jsonl.rejected.csv' ],
    [ 'incoming/a/b "c"\r\n.jsonl',   'a-b-c-.jsonl.rejected.csv' ],
  ])('of %j is named %s', (key, name) => {
    expect(downloadName(key, 'csv')).toBe(name)
  })
})
