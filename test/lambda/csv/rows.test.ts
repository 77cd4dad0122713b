import { describe, expect, test } from '@jest/globals'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import type { ColumnMapping } from '../../../lambda/csv/columns.ts'
import { findCsv } from '../../../lambda/csv/layout.ts'
import { CsvRows, type Row } from '../../../lambda/csv/rows.ts'
import { anyText } from '../../support/any-text.ts'

const MAX_LINE_BYTES = 200
const FILE_TIME = 1_400_000_000

interface Result {
  readonly rows: readonly Row[]
  readonly unclosed: string | undefined
}

/** Reads a file that arrives in chunks of this size. */
function read(file: Buffer | string, mapping?: ColumnMapping, chunkBytes = 65_536): Result {
  const bytes = Buffer.from(file)
  const found = findCsv(bytes, true, mapping)
  if (found.kind !== 'csv') throw new Error(found.kind === 'refused' ? found.rejection.detail : found.kind)
  const reader = new CsvRows(found.layout, { maxLineBytes: MAX_LINE_BYTES, fileTime: FILE_TIME })
  const rows: Row[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) rows.push(...reader.push(bytes.subarray(at, at + chunkBytes)))
  const last = reader.end()
  return { rows: last === undefined ? rows : [...rows, last], unclosed: reader.unclosedQuote }
}

const texts = (file: string, mapping?: ColumnMapping): readonly string[] =>
  read(file, mapping).rows.map(({ text, fault }) =>
    fault === undefined ? text : `${fault.reason} ${fault.specifics ?? ''}`.trim(),
  )

const EVENTS = 'Identity,Timestamp,Event,Prop:Plan\n'

describe('a row is the line that it means', () => {
  // prettier-ignore
  test.each<[string, string, string]>([
    //  if it has                     file                                                    line of the last row
    [ 'an event',                     `${EVENTS}bob,1393344604,Signed Up,pro\n`,              '{"_p":"bob","_t":1393344604,"_n":"Signed Up","Plan":"pro"}' ],
    [ 'properties',                   'Timestamp,Identity,Prop:Age\n1393344604,1,32\n',       '{"_t":1393344604,"_p":"1","Age":"32"}' ],
    [ 'an alias without a time',      'Identity,Alias\nbob,chuck\n',                          `{"_p":"bob","_p2":"chuck","_t":${FILE_TIME}}` ],
    [ 'an alias with a time',         'Identity,Timestamp,Alias\nbob,1393344604,chuck\n',     '{"_p":"bob","_t":1393344604,"_p2":"chuck"}' ],
    [ 'an event without a time',      'Identity,Timestamp,Event,Alias\nbob,,e,chuck\n',       '{"_p":"bob","_n":"e","_p2":"chuck"}' ],
    [ 'an alias without a person',    'Identity,Alias\n,chuck\n',                             '{"_p2":"chuck"}' ],
    [ 'empty cells',                  `${EVENTS}bob,1393344604,,\n`,                          '{"_p":"bob","_t":1393344604}' ],
    [ 'a number with zeros',          `${EVENTS}007,1393344604,e,007\n`,                      '{"_p":"007","_t":1393344604,"_n":"e","Plan":"007"}' ],
    [ 'spaces around its time',       `${EVENTS}a, 1393344604 ,e,\n`,                         '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'a date',                       `${EVENTS}a,2014-02-25T16:10:04Z,e,\n`,                 '{"_p":"a","_t":"2014-02-25T16:10:04Z","_n":"e"}' ],
    [ 'a time with a zero in front',  `${EVENTS}a,01393344604,e,\n`,                          '{"_p":"a","_t":"01393344604","_n":"e"}' ],
    [ 'a comma in quotes',            `${EVENTS}a,1393344604,"e, f",\n`,                      '{"_p":"a","_t":1393344604,"_n":"e, f"}' ],
    [ 'quotes in quotes',             `${EVENTS}a,1393344604,"""e"" f",\n`,                   '{"_p":"a","_t":1393344604,"_n":"\\"e\\" f"}' ],
    [ 'a quote in a cell',            `${EVENTS}a,1393344604,5" disk,\n`,                     '{"_p":"a","_t":1393344604,"_n":"5\\" disk"}' ],
    [ 'an empty quoted cell',         `${EVENTS}a,1393344604,e,""\n`,                         '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'line ends in quotes',          `${EVENTS}a,1393344604,"e\nf\r\ng",\n`,                 '{"_p":"a","_t":1393344604,"_n":"e\\nf\\r\\ng"}' ],
    [ 'CR LF',                        'Identity,Timestamp,Event\r\na,1393344604,"e"\r\n',     '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'CR alone',                     'Identity,Timestamp,Event\ra,1393344604,e\r',           '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'no line end',                  'Identity,Timestamp,Event\na,1393344604,e',             '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'empty columns after the last', 'Identity,Timestamp,Event,,\na,1393344604,e,,\n',       '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'more empty cells than names',  'Identity,Timestamp,Event\na,1393344604,e,,\n',         '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'names in other letter case',   'identity,TIMESTAMP, event ,prop: Plan\na,1,e,x\n',     '{"_p":"a","_t":1,"_n":"e","Plan":"x"}' ],
    [ 'a byte order mark',            '\ufeffIdentity,Timestamp,Event\na,1393344604,e\n',     '{"_p":"a","_t":1393344604,"_n":"e"}' ],
    [ 'a prototype as property',      'Identity,Timestamp,Prop:__proto__\na,1,x\n',           '{"_p":"a","_t":1,"__proto__":"x"}' ],
  ])('with %s', (_what, file, line) => {
    const { rows, unclosed } = read(file)
    expect(rows.at(-1)?.text).toBe(line)
    expect(unclosed).toBeUndefined()
  })
})

test('rows have the numbers that a spreadsheet shows: the row with the names is row 1, and a row with line ends in quotes is one row', () => {
  const file = 'Identity,Timestamp,Event\n\na,1,"e\nf"\n,,\n'
  expect(read(file).rows.map(({ number, byteStart, byteEnd, text, row }) => ({ number, byteStart, byteEnd, text, row }))).toEqual(
    [
      { number: 1, byteStart: 0, byteEnd: 24, text: '', row: undefined },
      { number: 2, byteStart: 25, byteEnd: 25, text: '', row: '' },
      { number: 3, byteStart: 26, byteEnd: 35, text: '{"_p":"a","_t":1,"_n":"e\\nf"}', row: 'a,1,"e\nf"' },
      { number: 4, byteStart: 36, byteEnd: 38, text: '', row: ',,' },
    ],
  )
})

test('the row with the names may follow blank rows', () => {
  expect(texts('\n,\nIdentity,Timestamp,Event\na,1,e\n')).toEqual(['', '', '', '{"_p":"a","_t":1,"_n":"e"}'])
})

describe('a row that cannot become a line has a fault, and the rows after it are read', () => {
  // prettier-ignore
  test.each<[string, string, string]>([
    [ 'too few cells',             'a,1,e\n',                  'invalid_row it has 3 cells, but row 1 has 4 columns' ],
    [ 'one cell',                  'a\n',                      'invalid_row it has 1 cell, but row 1 has 4 columns' ],
    [ 'a value without a name',    'a,1,e,f,g\n',              'invalid_row column 5 has a value, but no name in row 1' ],
    [ 'text after a quoted cell',  'a,1,"e"x,f\n',             'invalid_row text follows the closing quote in column 3' ],
    [ 'too many bytes',            `a,1,${'e'.repeat(200)},\n`, 'line_too_long' ],
    [ 'too many bytes in quotes',  `a,1,"${'e\n'.repeat(200)}",\n`, 'line_too_long' ],
  ])('%s', (_what, row, fault) => {
    expect(texts(`${EVENTS}${row}b,2,e,f\n`)).toEqual(['', fault, '{"_p":"b","_t":2,"_n":"e","Plan":"f"}'])
  })

  test('bytes that are not UTF-8', () => {
    const file = Buffer.concat([Buffer.from(EVENTS), Buffer.from('caf\xe9,1,e,f\n', 'latin1'), Buffer.from('b,2,e,f\n')])
    const { rows } = read(file)
    expect(rows[1]?.fault).toEqual({ reason: 'invalid_encoding', bytes: new Uint8Array(Buffer.from('caf\xe9,1,e,f', 'latin1')) })
    expect(rows[2]?.text).toContain('"_p":"b"')
  })

  test('a value in an unnamed column between others', () => {
    expect(texts('Identity,,Timestamp,Event\na,x,1,e\n')[1]).toBe('invalid_row column 2 has a value, but no name in row 1')
  })
})

test('a quote that is never closed ends the file there, with its place', () => {
  const { rows, unclosed } = read(`${EVENTS}a,1,e,f\nb,2,"e,f\nc,3,e,f\n`)
  expect(rows).toHaveLength(2)
  expect(unclosed).toBe('the quote that opens in row 3, column 3, is never closed')
})

test('a gigantic cell needs no memory', () => {
  const found = findCsv(Buffer.from(EVENTS), false)
  if (found.kind !== 'csv') throw new Error(found.kind)
  const reader = new CsvRows(found.layout, { maxLineBytes: MAX_LINE_BYTES })
  const chunk = Buffer.alloc(1_048_576, 'x\n')
  let rows = 0
  for (const bytes of [Buffer.from(`${EVENTS}a,1,"`), ...Array<Buffer>(64).fill(chunk), Buffer.from('",f\n')])
    for (const { fault, byteEnd } of reader.push(bytes)) {
      rows += 1
      if (rows === 2)
        expect([fault?.reason, fault?.bytes.length, byteEnd]).toEqual(['line_too_long', 204_800, 64 * 1_048_576 + 43])
    }
  expect(rows).toBe(2)
})

const cell = fc.oneof(
  anyText({ maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a', 'é', '😀'), maxLength: 6 }),
)

test('any table of texts that csv-stringify writes is read as it was, however it is chunked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 40 }),
      (table, recordDelimiter, chunkBytes) => {
        const file = Buffer.from(
          stringify([['Timestamp', 'Identity', 'Event', 'Prop:x'], ...table.map((row) => ['1', ...row])], {
            record_delimiter: recordDelimiter,
            eof: chunkBytes % 2 === 0,
            quoted_match: /[\r\n]/, // by default, only cells with the record delimiter itself
          }),
        )
        const { rows, unclosed } = read(file, undefined, chunkBytes)
        expect(unclosed).toBeUndefined()
        expect(rows.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 1))
        expect(rows.slice(1).map(({ text }) => JSON.parse(text) as unknown)).toEqual(
          table.map(([person, event, x]) => ({
            _t: 1,
            ...(person !== '' && { _p: person }),
            ...(event !== '' && { _n: event }),
            ...(x !== '' && { x }),
          })),
        )
        // The byte ranges cover the file, and each holds its row.
        for (const { byteStart, byteEnd, row } of rows.slice(1))
          expect(file.subarray(byteStart, byteEnd).toString().replace(/\r$/, '')).toBe(row)
      },
    ),
    { numRuns: 500 },
  )
})
