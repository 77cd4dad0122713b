import { readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { skipReason } from '../../../lambda/jobs/skip-reason.ts'
import { isImportName } from '../../../lambda/keys.ts'
import type { SourceFiles } from '../../../lambda/ports.ts'
import { FILE, goodLine, MemoryCloud } from '../../support/memory-cloud.ts'

// cspell:ignore crdownload filepart COPYING jsonlines

const LINES = `${goodLine(1)}\n${goodLine(2)}\n`
const MAX_LINE_BYTES = 1_024

async function reasonFor(name: string, content: string | Buffer): Promise<string | undefined> {
  return reasonOf(name, Buffer.from(content))
}

async function reasonOf(name: string, object: MemoryCloud['object']): Promise<string | undefined> {
  const cloud = new MemoryCloud({ limits: { maxLineBytes: MAX_LINE_BYTES } })
  cloud.object = object
  const reason = await skipReason({ ...FILE, key: `incoming/${name}` }, cloud.ports.files, cloud.ports.limits)
  return reason === undefined ? undefined : `${reason.reason}: ${/\((.+)\)/s.exec(reason.detail)?.[1] ?? ''}`
}

/** Names, and whether they alone say that this is a file to import. */
// prettier-ignore
const NAMES: readonly (readonly [string, boolean])[] = [
  ['a.json', true], ['a.jsonl', true], ['a.ndjson', true], ['a.json.gz', true], ['a.JSON', true], ['a.csv', true], ['a.csv.gz', true], ['a.jsonl.zip', true], ['a.csv.zst', true], ['a.ndjson.br', true], ['A.JsonL.GZ', true], ['replays/x.jsonl', true],
  ['unload/0000_part_00', false], ['stream-1-2024-01-31-08-00-00-0a1b2c3d', false], ['2024/01/31/events', false], ['part-00000.c000', false], ['a.txt', false],
  ['a.log', false], ['a.gz', false], ['a.zip', false], ['a.zst', false], ['a.br', false], ['a.jsonl.1', false], ['a.jsonlines', false], ['events.2024-01-31', false], ['json', false],
]

describe('a name that says that this is a file to import is never skipped, whatever the file contains', () => {
  const named = NAMES.filter(([, isNamed]) => isNamed).map(([name]) => name)

  test.each(named)('%s', async (name) => {
    expect(isImportName(name)).toBe(true)
    for (const content of [LINES, '', 'a,b\n1,2\n', '[]', Buffer.from([0x50, 0x4b, 3, 4])])
      expect(await reasonFor(name, content)).toBeUndefined()
  })
})

test('brotli is recognised by its name', async () => {
  expect(await reasonFor('a.br', brotliCompressSync(LINES))).toBeUndefined()
  expect(await reasonFor('a.br', brotliCompressSync('a log\n'))).toBe('not_for_import: none of its first lines has `_p`')
})

describe('for any other name the content decides', () => {
  const archive = (name: string) => readFileSync(`test/lambda/read/unpack/made-by-tools/${name}`)
  const others = NAMES.filter(([, isNamed]) => !isNamed).map(([name]) => name)

  test.each(others)('%s', async (name) => {
    expect(isImportName(name)).toBe(false)
    expect(await reasonFor(name, LINES)).toBeUndefined()
    expect(await reasonFor(name, gzipSync(LINES))).toBeUndefined()
    expect(await reasonFor(name, zstdCompressSync(LINES))).toBeUndefined()
    expect(await reasonFor(name, 'email,event\na,b\n')).toBe(
      'not_line_delimited_json: it looks like CSV, but its first row does not name the columns Identity, Timestamp and Event',
    )
  })

  // A first line that is longer than a line can be, and one that fills the part that is read.
  const long = `{"_p":"a","_t":1393344604,"x":"${'x'.repeat(2 * MAX_LINE_BYTES)}"}\n`
  const full = `{"_p":"a","_t":1393344604,"x":"${'x'.repeat(MAX_LINE_BYTES)}`.slice(0, MAX_LINE_BYTES - 2)

  // prettier-ignore
  test.each<[string, string | Buffer, string | undefined]>([
    //  content                                       bytes                                                   skipped
    [ 'lines that are cut off by what is read',       LINES.repeat(100),                                      undefined ],
    [ 'the same, compressed',                         gzipSync(Array.from({ length: 5_000 }, (_, n) => goodLine(n * 7_919)).join('\n')), undefined ],
    [ 'one line without line end',                    goodLine(),                                             undefined ],
    [ 'lines that end with CR',                       LINES.replaceAll('\n', '\r'),                           undefined ],
    [ 'a byte order mark and blank lines first',      `\ufeff\n\n${LINES}`,                                   undefined ],
    [ 'a line that is too long',                      long + LINES,                                           undefined ],
    [ 'a line that is as long as allowed',            `${full}"}\n`,                                          undefined ],
    [ 'a rejected line',                              '{"_p":"a"}\n',                                         undefined ],
    [ 'a broken line, then good ones',                `{"_p":\n${LINES}`,                                     undefined ],
    [ 'broken lines, as they were meant',             '{"_p":"a","_t":1393344604,}\n',                        undefined ],
    [ 'nothing',                                      '',                                                     'not_for_import: it is empty' ],
    [ 'blank lines',                                  '\n\n \n',                                              'not_for_import: none of its first lines has `_p`' ],
    [ 'a log of another program',                     '{"level":"info","msg":"started"}\n'.repeat(3_000),     'not_for_import: none of its first lines has `_p`' ],
    [ 'a log, not JSON',                              '2024-01-31 started\n2024-01-31 stopped\n',             'not_for_import: none of its first lines has `_p`' ],
    [ 'a Redshift manifest',                          '{"entries":[{"url":"s3://b/0000_part_00"}]}',          'not_line_delimited_json: the objects are in the list `entries`; to convert it, run: npx km-import fix FILE --fix list:entries' ],
    [ 'objects without line ends',                    goodLine(1) + goodLine(2),                              'not_line_delimited_json: objects follow each other without line ends; to convert it, run: npx km-import fix FILE --fix split-objects' ],
    [ 'a Mixpanel export',                            '{"event":"e","properties":{"distinct_id":"a","time":1}}\n', 'other_product: columns "distinct_id", "time", "event": this is a Mixpanel export; to convert it, run: npx km-import fix FILE --fix lift:properties --fix rename:distinct_id=_p --fix rename:time=_t --fix rename:event=_n' ],
    [ 'Parquet',                                      Buffer.from('PAR1\x15\x04'),                            'unsupported_format: a Parquet file' ],
    [ 'an image',                                     Buffer.from([0x89, 0x50, 0x4e, 0x47]),                  'unsupported_format: an image' ],
    [ 'gzip of Parquet',                              gzipSync('PAR1\x15\x04'),                               'unsupported_format: a Parquet file' ],
    [ 'gzip that is damaged',                         gzipSync('x'.repeat(99)).fill(0, 10, 20),               'object_unreadable: the gzip data is damaged' ],
    [ 'a zip archive',                                archive('deflated.zip'),                                undefined ],
    [ 'a zip archive with a password',                archive('encrypted.zip'),                               'unsupported_format: an encrypted zip archive; unpack it with its password, and import the file in it' ],
    [ 'bytes',                                        Buffer.alloc(5_000, 0x9d),                              'not_for_import: none of its first lines has `_p`' ],
  ])('%s', async (_what, content, expected) => {
    expect(await reasonFor('unload/0000_part_00', content)).toBe(expected)
  })
})

// prettier-ignore
test.each<[string, MemoryCloud['object'], string | undefined]>([
  [ 'in an archive storage class', 'locked',     'object_unreadable: it is in an archive storage class' ],
  [ 'that was deleted',            'gone',       undefined ],
  [ 'that was replaced',           'superseded', undefined ],
])('an object %s', async (_what, object, expected) => {
  expect(await reasonOf('unload/0000_part_00', object)).toBe(expected)
})

// prettier-ignore
test.each([
  'a.tmp', 'a.jsonl.tmp', 'a.part', 'a.PARTIAL', 'a.jsonl.filepart', 'a.crdownload', 'a._COPYING_', 'a.inprogress', 'a~', '.DS_Store', '.staging/part-0', 
  '_temporary/0/part-0',
])('a temporary or hidden name is skipped without a look: %s', async (name) => {
  expect(await reasonFor(name, LINES)).toBe('not_for_import: its name is that of a temporary or hidden file')
})

test.each(['unload/', 'a.json/', ''])('so is a folder: incoming/%s', async (name) => {
  expect(await reasonFor(name, '')).toBe('not_for_import: it is a folder')
})

test('a large object costs one read of as many bytes as the longest line may have', async () => {
  const cloud = new MemoryCloud({ limits: { maxLineBytes: MAX_LINE_BYTES } })
  cloud.object = Buffer.alloc(1_000_000, 'x')
  const ranges: unknown[] = []
  const open: SourceFiles['open'] = (file, range) => {
    ranges.push(range)
    return cloud.ports.files.open(file, range)
  }
  await skipReason({ ...FILE, key: 'incoming/a' }, { open }, cloud.ports.limits)
  expect(ranges).toEqual([{ start: 0, end: MAX_LINE_BYTES + 1 }])
})
