import { createHash } from 'node:crypto'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { findUnsentPart } from '../../../cli/local/unsent-part.ts'

const JSON_LINES = '{"a":1}\n'
const CSV = 'Identity,Timestamp,Event\na,1393344604,e\n'

/** They have another name than the others. */
const NAMES: Readonly<Record<string, string>> = {
  brotli: 'a.jsonl.br',
  'CSV, other columns': 'a.csv',
  'JSON lines, called CSV': 'a.csv',
}

// prettier-ignore
test.each<[string, Buffer, string | Buffer, object]>([
  //  a file that has grown    before                     appended                   the part to upload
  [ 'CSV, other columns',      Buffer.from('who,when\na,1393344604\n'), 'b,1393344605', { kind: 'whole', start: 0, end: 34 } ],
  [ 'JSON lines, called CSV',  Buffer.from(JSON_LINES),   JSON_LINES,                { kind: 'appended', start: 8, end: 16 } ],
  [ 'JSON lines',              Buffer.from(JSON_LINES),   JSON_LINES,                { kind: 'appended', start: 8, end: 16 } ],
  [ 'CSV',                     Buffer.from(CSV),          'b,1393344604,e\n',        { kind: 'whole', start: 0, end: 55 } ],
  [ 'CSV, without line end',   Buffer.from(CSV),          'b,1393344604,e',          { kind: 'whole', start: 0, end: 54 } ],
  [ 'gzip',                    gzipSync('a'),             gzipSync('b'),             { kind: 'whole', start: 0, end: 42 } ],
  [ 'zstd',                    zstdCompressSync('a'),     zstdCompressSync('b'),     { kind: 'whole', start: 0, end: 20 } ],
  [ 'brotli',                  brotliCompressSync('a'),   'b',                       { kind: 'whole', start: 0, end: 6 } ],
])('%s', async (what, before, appended, part) => {
  const file = Buffer.concat([before, Buffer.from(appended)])
  const name = NAMES[what] ?? 'a.jsonl'
  const read = (start: number, end: number) => Promise.resolve(file.subarray(start, end))
  const pieces = [{ start: 0, end: before.length, md5: createHash('md5').update(before).digest('hex') }]
  const uploaded = { versionId: 'v', pieces, end: before.length, size: undefined, mtime: undefined }
  expect(await findUnsentPart({ name }, read, file.length, uploaded, false)).toEqual(part)
})
