import { describe, expect, test } from '@jest/globals'
import { readFix } from '../../../lambda/rules/fix.ts'
import {
  applyFixes,
  FixPreview,
  PULLED_CSV_HEADER,
  pulledCsvRow,
  pulledRow,
  type PulledRow,
} from '../../../cli/rejects/pulled-rows.ts'
import { deadLetterOf } from './fixtures.ts'

const rowFor = (line: string | Buffer, extra = {}): PulledRow => ({ id: 'm', deadLetter: deadLetterOf(line, extra) })

const IN_MS = '{"_p":"a","_t":1393344604000,"_n":"x"}'

describe('fixes', () => {
  test('are applied one after the other', () => {
    const fixes = [readFix('rename:at=_t'), readFix('ms-timestamps')]
    expect(applyFixes(rowFor('{"at":1393344604000}'), fixes).fixedLine).toBe('{"_t":1393344604}')
  })

  test.each([
    ['a line that needs no fix', rowFor('{"_t":1}')],
    ['a file', rowFor(IN_MS, { kind: 'file' })],
    ['many lines', rowFor(IN_MS, { kind: 'group' })],
    ['bytes that are not UTF-8', rowFor(Buffer.from([0xff]))],
  ])('leave %s as it is', (_what, row) => {
    expect(applyFixes(row, [readFix('ms-timestamps')])).toBe(row)
  })

  test('are previewed: how many lines change, how many become valid, and three examples', () => {
    const fixes = [readFix('ms-timestamps')]
    const preview = new FixPreview(fixes)
    for (const line of [IN_MS, IN_MS, IN_MS, '{"_p":"a","_t":1393344604000}', '{}']) preview.add(applyFixes(rowFor(line), fixes))
    const fixed = IN_MS.replace('604000', '604')
    expect(preview.text()).toBe(
      'ms-timestamps: changes 4 of 5 dead letters. After that, 3 of them can be sent.\n' +
        `  - ${IN_MS}\n  + ${fixed}\n`.repeat(3),
    )
  })
})

test('a fix that makes several lines of one writes a row for each, with the id of the one dead letter', () => {
  const two = '{"_p":"a","_t":1393344604,"_n":"x"}{"_p":"b","_t":1393344604,"_n":"x"}'
  const fixes = [readFix('split-objects')]
  const row = applyFixes(rowFor(two), fixes)
  const preview = new FixPreview(fixes)
  preview.add(row)
  expect(preview.text()).toContain('After that, 1 of them can be sent.')
  const rows = pulledRow(row).trimEnd().split('\n')
  expect(rows.map((text) => (JSON.parse(text) as { id: string; line: { _p: string } }).line._p)).toEqual(['a', 'b'])
  expect(rows.map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(['m', 'm'])
})

test('a date without a time zone is a question, never a guess', () => {
  const line = '{"_p":"a","_t":"2014-02-25 16:10:04","_n":"x"}'
  const question = '1 date without a time zone: which zone is it? For example --fix dates:UTC or --fix dates:+01:00'
  const previewWith = (name: string): string => {
    const preview = new FixPreview([readFix(name)])
    preview.add(applyFixes(rowFor(line), [readFix(name)]))
    return preview.text()
  }
  expect(previewWith('dates')).toContain(question)
  expect(previewWith('dates:UTC')).not.toContain('?')
})

test('a row has the fixed line', () => {
  expect(pulledRow({ ...rowFor('{"_t":1000}'), fixedLine: '{"_t":1}' })).toMatch(
    /^\{"reason":"invalid_json","detail":"It is wrong\.","line":\{"_t":1\},.*"id":"m"\}\n$/,
  )
  expect(pulledRow(rowFor('x'))).toMatch(/^\{.*"line":"x",.*\}\n$/)
})

test('in the table, a spreadsheet does not take a line for a formula, and no column controls a terminal', () => {
  expect(PULLED_CSV_HEADER).toBe('reason,detail,file,line number,failed at,replays,line,id\n')
  expect(pulledCsvRow(rowFor("=cmd|' /C calc'!A0"))).toBe(
    "invalid_json,It is wrong.,incoming/a.json,7,2026-01-01T00:00:00Z,0,'=cmd|' /C calc'!A0,m\n",
  )
  const escape = '\u001b[2J'
  const hostile = rowFor(escape, { detail: escape, source: { bucket: 'b', key: escape, line: 1 } })
  expect(pulledCsvRow(hostile)).toBe(String.raw`invalid_json,\u001b[2J,\u001b[2J,1,2026-01-01T00:00:00Z,0,\u001b[2J,m` + '\n')
})
