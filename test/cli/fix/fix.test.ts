import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { fix } from '../../../cli/fix/fix.ts'

// cspell:ignore oneline

const FIELD = path.resolve('test/fixtures/field')
let dir = ''
let said = ''

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-fix-'))
  said = ''
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})

afterEach(async () => {
  jest.restoreAllMocks()
  await rm(dir, { recursive: true })
})

async function fixed(file: string, fixes: readonly string[]): Promise<{ code: number; lines: readonly string[] }> {
  const output = path.join(dir, 'out.jsonl')
  const code = await fix(file, { fix: fixes, output })
  const text = await readFile(output, 'utf8')
  return { code, lines: text.split('\n').slice(0, -1) }
}

const write = async (name: string, content: string | Buffer): Promise<string> => {
  const file = path.join(dir, name)
  await writeFile(file, content)
  return file
}

describe('files that would be rejected as a whole are converted without loss', () => {
  // prettier-ignore
  test.each([
    //  the file                        the fixes                                                                                     lines
    [ '05-firehose-oneline.jsonl',      ['split-objects'],                                                                            6 ],
    [ '05b-firehose-some.jsonl',        ['split-objects'],                                                                            7 ],
    [ '16-excel-csv.jsonl',             ['unpack'],                                                                                   2 ],
    [ '16b-double-encoded.jsonl',       ['unpack'],                                                                                   2 ],
    [ '16c-mixpanel-export.jsonl',      ['lift:properties', 'rename:distinct_id=_p', 'rename:time=_t', 'rename:event=_n'],            3 ],
    [ '18d-array-lines.json',           ['array'],                                                                                    3 ],
    [ '23-links-min.json',              ['list:links'],                                                                               2 ],
  ])('%s', async (name, fixes, count) => {
    const { code, lines } = await fixed(path.join(FIELD, name), fixes)
    expect(lines).toHaveLength(count)
    expect(code).toBe(0)
    expect(said).toContain(`${count} lines written`)
  })
})

describe('a CSV file becomes lines', () => {
  const LINES = ['{"_p":"bob","_t":1393344604,"_n":"Signed Up"}', '{"_p":"ann","_t":1393344605,"_n":"a;b"}']
  // prettier-ignore
  test.each([
    [ 'commas',      'Identity,Timestamp,Event\nbob,1393344604,Signed Up\n\nann,1393344605,"a;b"\n' ],
    [ 'semicolons',  'Identity;Timestamp;Event\nbob;1393344604;Signed Up\nann;1393344605;"a;b"\n' ],
    [ 'tabs',        'Identity\tTimestamp\tEvent\nbob\t1393344604\tSigned Up\nann\t1393344605\ta;b\n' ],
  ])('with %s', async (_what, csv) => {
    expect(await fixed(await write('export.csv', csv), ['csv'])).toEqual({ code: 0, lines: LINES })
  })

  test('with other names, by a mapping', async () => {
    const file = await write('export.csv', 'When;Who;What\n1393344604000;bob;Signed Up\n1393344605000;ann;a\n')
    const mapping = { columns: { Who: '_p', When: '_t', What: '_n' }, separator: ';', time: 'milliseconds' }
    const columns = await write('columns.json', JSON.stringify(mapping))
    const output = path.join(dir, 'out.jsonl')
    expect(await fix(file, { fix: [], columns, output })).toBe(0)
    expect(await readFile(output, 'utf8')).toBe(
      '{"_t":1393344604,"_p":"bob","_n":"Signed Up"}\n{"_t":1393344605,"_p":"ann","_n":"a"}\n',
    )
  })

  // prettier-ignore
  test.each([
    [ 'a row does not fit',             'Identity,Timestamp,Event\nbob,1393344604\n',   'Row 2 does not fit the columns: it has 2 cells, but row 1 has 3 columns. Correct it' ],
    [ 'its first row has a fault',      'Identity,Event\nbob,e\n',                      'row 1: the column Timestamp is missing' ],
    [ 'a quote is never closed',        'Identity,Timestamp,Event\nbob,1393344604,"e',   'the quote that opens in row 2, column 3, is never closed' ],
  ])('not if %s', async (_what, csv, message) => {
    await expect(fixed(await write('export.csv', csv), ['csv'])).rejects.toThrow(message)
  })
})

test('a compressed file of 500 kB on one line', async () => {
  const object = '{"_p":"a","_t":1393344604,"_n":"One"}'
  const file = await write('one.json.gz', gzipSync(object.repeat(14_000)))
  const { code, lines } = await fixed(file, ['split-objects'])
  expect([code, lines.length, new Set(lines).size]).toEqual([0, 14_000, 1])
})

test('only the user may read the new file, and an old one is never replaced', async () => {
  const file = await write('in.jsonl', '{"_p":"a","_t":1393344604,"_n":"One"}\n')
  await fixed(file, ['trim'])
  expect((await stat(path.join(dir, 'out.jsonl'))).mode & 0o777).toBe(0o600)
  await expect(fixed(file, ['trim'])).rejects.toThrow('exists. Delete it, or choose another name with --output.')
})

test('a date without a time zone stays, and is a question', async () => {
  const file = await write('in.jsonl', '{"_p":"a","_t":"2014-02-25 16:10:04","_n":"One"}\n')
  expect(await fixed(file, ['dates'])).toEqual({ code: 1, lines: ['{"_p":"a","_t":"2014-02-25 16:10:04","_n":"One"}'] })
  expect(said).toContain('1 date without a time zone: which zone is it?')
})

test.each([
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff]), ['trim'], 'Line 1 is not UTF-8 text'],
  ['bytes that are not UTF-8, in a list', Buffer.from([0x5b, 0xff]), ['array'], 'not UTF-8 text'],
  [
    'an archive of several files',
    readFileSync('test/lambda/read/unpack/made-by-tools/several.zip'),
    ['trim'],
    'a zip archive with 3 files',
  ],
  ['damaged gzip', gzipSync('{}').subarray(0, 12), ['trim'], 'cut off'],
  ['a line that is too long', Buffer.alloc(5_000_000, 'x'), ['trim'], '--fix split-objects'],
  ['no fix', Buffer.from('{}'), [], 'Say what to fix'],
])('%s: says what to do', async (_what, content, fixes, message) => {
  await expect(fixed(await write('in.jsonl', content), fixes)).rejects.toThrow(message)
})
