import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { diagnoseBytes, diagnoseFile, type SniffedLine } from '../../../lambda/parse/diagnose.ts'
import { anyText } from '../../support/any-text.ts'

const headOf = (lines: readonly string[]): SniffedLine[] => lines.map((text) => ({ text }))
const diagnosisOf = (lines: readonly string[], isWhole = true): string | undefined =>
  /\((.*)\)/.exec(diagnoseFile(headOf(lines), isWhole)?.detail ?? '')?.[1]

const convert = (fix: string): string => `; to convert it, run: npx km-import fix FILE --fix ${fix}`
const SPANS = 'it is one JSON document that spans several lines'
const DOCUMENT = `${SPANS}; write each object on its own line, without a list around them${convert('array')}`
const OBJECTS = `${SPANS}; write each object on its own line${convert('split-objects')}`
const ONE_LIST = `it is one list on a single line; write each object on its own line, without the list around them${convert('array')}`
const LIST = `it is a list with its objects on several lines${convert('array')}`
const JOINED = `objects follow each other without line ends${convert('split-objects')}`
const PACKED = `each line is text that contains JSON${convert('unpack')}`
const LISTS = 'its lines are lists; write each line as an object with names'
const COMMAS = `its lines end with commas; remove them${convert('array')}`
const TABLE = 'it looks like CSV, but its first row does not name the columns Identity, Timestamp and Event'

const event = '{"_n":"visited","_p":"person@mail.com","_t":1393344607}'

describe('a file that is not line-delimited JSON is recognised', () => {
  // prettier-ignore
  test.each([
    //  the file is                             its lines                                                            the diagnosis
    [ 'the example of Kissmetrics’ page',       ['{"links":', '  [', `    ${event},`, `    ${event},`, '  ]', '}'],  `${SPANS}, with the objects in the list \`links\`${convert('list:links')}` ],
    [ 'a list over several lines',              ['[', '  {', '    "_p": "bob",', '    "_t": 1', '  }', ']'],         DOCUMENT ],
    [ 'an object over several lines',           ['{', '  "_p": "bob",', '  "_t": 1', '}'],                           OBJECTS ],
    [ 'many of them, pretty-printed',           ['{', '  "_p": "bob"', '}', '{', '  "_p": "rob"', '}'],              OBJECTS ],
    [ 'with a trailing comma',                  ['[', '  {', '    "_p": "bob",', '  },', ']'],                       DOCUMENT ],
    [ 'a list with an object on each line',     ['[', `${event},`, `${event},`],                                     DOCUMENT ],
    [ 'a list that starts on line 1',           [`[${event},`, `${event},`, `${event}]`],                            DOCUMENT ],
    [ 'a list with commas in front',            [`[${event}`, `,${event}`, ']'],                                     LIST ],
    [ 'objects on one line',                    [`${event}${event}`],                                                JOINED ],
    [ 'objects with a byte order mark between', [`${event}\ufeff${event}`, event],                                   JOINED ],
    [ 'objects with spaces and commas',         [`${event}, ${event}`],                                              JOINED ],
    [ 'objects packed as text',                 [JSON.stringify(event), JSON.stringify(event)],                      PACKED ],
    [ 'one object packed twice',                [JSON.stringify(JSON.stringify(event))],                             PACKED ],
    [ 'a CSV column of objects',                [`"${event.replaceAll('"', '""')}"`],                                PACKED ],
    [ 'CSV with CR alone as line end',          ['_p,_t,_n\rbob,1393344607,visited\rrob,1393344608,visited'],        TABLE ],
    [ 'a list on one line',                     [`[${event},${event}]`],                                             ONE_LIST ],
    [ 'a list with spaces',                     [`[ ${event} ]`],                                                    ONE_LIST ],
    [ 'a list on each line',                    ['["bob",1]', '["rob",2]'],                                          LISTS ],
    [ 'objects with commas between them',       [`${event},`, `${event},`],                                          COMMAS ],
    [ 'CSV',                                    ['_p,_t,_n', 'bob,1393344607,visited', 'rob,1393344608,visited'],    TABLE ],
    [ 'CSV with quotes',                        ['"_p","_t"', '"bob","1393344607"'],                                 TABLE ],
    [ 'CSV with semicolons',                    ['_p;_t', 'bob;1393344607'],                                         TABLE ],
    [ 'TSV',                                    ['_p\t_t', 'bob\t1393344607'],                                       TABLE ],
    [ 'CSV with a comma inside some rows',      ['a,b', '1,2', '1,"2,3"', '3,4'],                                    TABLE ],
    [ 'XML',                                    ['<?xml version="1.0"?>', '<people/>'],                              'it is XML' ],
    [ 'a web page',                             ['<!DOCTYPE html>', '<title>Sign in</title>'],                       'it is a web page' ],
    [ 'a web page on one line',                 ['<html><body>Access denied</body></html>'],                         'it is a web page' ],
  ])('%s', (_what, lines, diagnosis) => {
    expect(diagnosisOf(lines)).toBe(diagnosis)
    expect(diagnoseFile(headOf(lines), true)?.reason).toBe('not_line_delimited_json')
  })

  test('even if only its first lines are known', () => {
    const rows = Array.from({ length: 300 }, (_, number) => [
      '{',
      `  "_p": "person ${number}",`,
      '  "_t": 1393344607',
      '},',
    ]).flat()
    expect(diagnosisOf(['[', ...rows].slice(0, 1000), false)).toBe(DOCUMENT)
  })

  test('a list on one line that is too long to parse is recognised by its start', () => {
    expect(diagnoseFile([{ text: undefined, start: `[${event},{"_n":"vis` }], true)?.detail).toContain(ONE_LIST)
    expect(diagnoseFile([{ text: undefined, start: '[1,2,' }], true)).toBeUndefined()
    expect(diagnoseFile([{ text: undefined }], true)).toBeUndefined()
  })
})

describe('a short file with broken lines is rejected line by line', () => {
  // prettier-ignore
  test.each([
    //  the file is                             its lines
    [ 'empty',                                  [] ],
    [ 'one line that was cut off',              ['{"_p":"bob","_t":1393344604,"_n":"x"'] ],
    [ 'one line with a comma at its end',       [`${event},`] ],
    [ 'lines with single quotes',               ["{'_p':'bob'}", "{'_p':'rob'}"] ],
    [ 'lines cut after a comma',                ['{"_p":"bob",', '{"_p":"rob",'] ],
    [ 'a list of numbers',                      ['[1,2,3]'] ],
    [ 'a list and a broken line',               ['[1,2,3]', '{"_p":'] ],
    [ 'one row with commas',                    ['bob,1393344604,x'] ],
    [ 'words',                                  ['hello', 'world'] ],
    [ 'texts and numbers',                      ['"bob"', '1'] ],
    [ 'sentences with a comma here and there',  ['hello, world', 'bye', 'well', 'so'] ],
  ])('%s', (_what, lines) => {
    expect(diagnoseFile(headOf(lines), true)).toBeUndefined()
  })

  test('lines that are not text', () => {
    expect(diagnoseFile([{ text: undefined }, { text: undefined }], true)).toBeUndefined()
  })
})

describe('many lines without an object are never line-delimited JSON', () => {
  const many = (line: string): SniffedLine[] => Array.from({ length: 1000 }, () => ({ text: line }))

  // prettier-ignore
  test.each([
    [ "{'_p':'bob'}",     'none of its first 1000 lines is a JSON object; in the first line that is not JSON, column 2: single quotes; use double quotes' ],
    [ '"bob"',            'none of its first 1000 lines is a JSON object' ],
    [ '[1]',              LISTS ],
  ])('%s', (line, diagnosis) => {
    const rejection = diagnoseFile(many(line), false)
    expect(rejection).toMatchObject({ reason: 'not_line_delimited_json', detail: expect.stringContaining(`(${diagnosis})`) })
  })

  test('lines that are not text', () => {
    expect(
      diagnoseFile(
        Array.from({ length: 1000 }, () => ({ text: undefined })),
        false,
      )?.detail,
    ).toContain('none of its first 1000 lines is a JSON object')
  })

  test('any lines', () => {
    const line = anyText({ minLength: 1 }).map((text) => ({ text }))
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), (head) => {
        expect(diagnoseFile(head, false)?.reason).toBe('not_line_delimited_json')
      }),
    )
  })
})

describe('files that are not text are recognised by their first bytes', () => {
  const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const tar = Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\u000000')])

  // prettier-ignore
  test.each([
    //  the first bytes                                              the file is
    [ bytes('504b0304 14000600'),                                    'compressed twice; compress it only once' ],
    [ bytes('504b0304 14000600 08000000 2100 00000000 00000000 00000000 1300 0000 5b436f6e74656e745f54797065735d2e786d6c'), 'an Excel workbook; in Excel, save it as CSV UTF-8' ],
    [ bytes('504b0304 1400 0000 0000 21f1 5b57 00000000 00000000 00000000 0800 0000 6d696d6574797065'), 'an Excel workbook; in Excel, save it as CSV UTF-8' ],
    [ bytes('504b0506 00000000'),                                    'an empty zip archive' ],
    [ bytes('504b0708 504b0304'),                                    'a part of a zip archive' ],
    [ bytes('526172211a0701 00'),                                    'a RAR archive' ],
    [ bytes('d0cf11e0a1b11ae1 0000'),                                'an old Excel or Word document' ],
    [ Buffer.from('{\\rtf1\\ansi'),                                  'an RTF document' ],
    [ Buffer.from('%PDF-1.7'),                                       'a PDF document' ],
    [ bytes('1f8b0800 00000000'),                                    'compressed twice; compress it only once' ],
    [ bytes('28b52ffd 2004'),                                        'compressed twice; compress it only once' ],
    [ bytes('425a6839 314159265359'),                                'compressed with bzip2' ],
    [ bytes('fd377a585a00'),                                         'compressed with xz' ],
    [ bytes('04224d18 6440'),                                        'compressed with lz4' ],
    [ bytes('ff060000 734e61507059'),                                'compressed with snappy' ],
    [ bytes('377abcaf271c 0004'),                                    'a 7-Zip archive' ],
    [ tar,                                                           'a tar archive' ],
    [ Buffer.from('PAR1\u0015'),                                     'a Parquet file' ],
    [ bytes('4f626a01 0416'),                                        'an Avro file' ],
    [ Buffer.from('SQLite format 3\u0000'),                          'an SQLite database' ],
    [ bytes('89504e47 0d0a1a0a'),                                    'an image' ],
    [ bytes('ffd8ffe0'),                                             'an image' ],
    [ Buffer.from('\ufeff{"_p":1}', 'utf16le'),                      'UTF-16 text' ],
    [ Buffer.from('{"_p":1}', 'utf16le'),                            'UTF-16 text' ],
    [ Buffer.from('[]', 'utf16le'),                                  'UTF-16 text' ],
    [ Buffer.from('\ufeff{"_p":1}', 'utf16le').swap16(),             'UTF-16 text' ],
    [ Buffer.from('{"_p":1}', 'utf16le').swap16(),                   'UTF-16 text' ],
    [ bytes('fffe0000 7b000000'),                                    'UTF-32 text' ],
    [ bytes('0000feff 0000007b'),                                    'UTF-32 text' ],
    [ bytes('7b000000 22000000'),                                    'UTF-32 text' ],
    [ bytes('0000007b 00000022'),                                    'UTF-32 text' ],
  ])('%#', (start, what) => {
    expect(diagnoseBytes(start)).toMatchObject({ reason: 'unsupported_format', detail: expect.stringContaining(`(${what})`) })
  })

  // prettier-ignore
  test.each([
    [ 'nothing',                    Buffer.from('') ],
    [ 'one byte',                   Buffer.from('{') ],
    [ 'three bytes',                bytes('7b0000') ],
    [ 'a line',                     Buffer.from(event) ],
    [ 'a line after a BOM',         Buffer.from(`\ufeff${event}`) ],
    [ 'CSV that starts like a zip', Buffer.from('PKW,ORCID,BZh\n') ],
    [ 'letters beyond ASCII',       Buffer.from('é名🎉') ],
    [ 'only zeros',                 Buffer.alloc(16) ],
    [ 'bytes that are not UTF-8',   bytes('7b22e922 7d') ],
  ])('%s may be text', (_what, start) => {
    expect(diagnoseBytes(start)).toBeUndefined()
  })

  test('a JSON object in UTF-8 is never taken for another format', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom('', '\ufeff', '\n', '  '), (object, before) => {
        expect(diagnoseBytes(Buffer.from(before + JSON.stringify(object)))).toBeUndefined()
      }),
    )
  })
})
