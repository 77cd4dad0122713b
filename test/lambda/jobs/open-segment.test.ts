import { buffer } from 'node:stream/consumers'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { isReadFromStart, openSegment } from '../../../lambda/jobs/open-segment.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const TASK = newTask(FILE)
const SEGMENT: Task = { ...TASK, segment: { index: 2, byteStart: 4, byteEnd: 10, firstLine: 3, lines: 3 } }
const PLAIN = Buffer.from('1\n2\n3\n4\n5\n6\n')
const CR = Buffer.from('{}\r{}\r{}\r')
const CSV = Buffer.from('Identity,Timestamp,Event\na,1393344604,e\nb,1393344604,e\n')
const GZIP = gzipSync(PLAIN)
const BROTLI = brotliCompressSync(PLAIN)
const BROTLI_TASK = newTask({ ...FILE, key: 'incoming/a.jsonl.br' })

// prettier-ignore
test.each([
  //  opened                         task       object   watermark                 from line   bytes
  [ 'a file, from its start',        TASK,      PLAIN,   { line: 0, byte: 0 },     0,          PLAIN ],
  [ 'a file, from its watermark',    TASK,      PLAIN,   { line: 2, byte: 4 },     2,          PLAIN.subarray(4) ],
  [ 'a segment',                     SEGMENT,   PLAIN,   { line: 2, byte: 4 },     2,          PLAIN.subarray(4, 10) ],
  [ 'a segment, from its watermark', SEGMENT,   PLAIN,   { line: 4, byte: 8 },     4,          PLAIN.subarray(8, 10) ],
  [ 'CR as line end, from its start', TASK,     CR,      { line: 1, byte: 3 },     0,          CR ],
  [ 'CSV, always from its start',    TASK,      CSV,     { line: 2, byte: 40 },    0,          CSV ],
  [ 'gzip, always from its start',   TASK,      GZIP,    { line: 2, byte: 4 },     0,          GZIP ],
  [ 'brotli, always from its start', BROTLI_TASK, BROTLI, { line: 2, byte: 4 },    0,          BROTLI ],
  [ 'text that is called brotli',    BROTLI_TASK, PLAIN, { line: 2, byte: 4 },     2,          PLAIN.subarray(4) ],
])('%s', async (_what, task, object, watermark, line, bytes) => {
  const cloud = new MemoryCloud()
  cloud.object = object
  const segment = await openSegment(task, watermark, cloud.ports)
  if (segment.kind !== 'open') throw new Error(segment.kind)
  expect(segment.start.line).toBe(line)
  expect(await buffer(segment.opened.body)).toEqual(bytes)
})

test.each(['gone', 'superseded', 'locked'] as const)('an object that is %s', async (absence) => {
  const cloud = new MemoryCloud()
  cloud.object = absence
  expect(await openSegment(TASK, { line: 2, byte: 4 }, cloud.ports)).toEqual({ kind: absence })
})

describe('a file can only be read from its start', () => {
  // prettier-ignore
  test.each<[string, Buffer | 'gone', boolean]>([
    [ 'gzip',                GZIP,                            true ],
    [ 'zstd',                zstdCompressSync(PLAIN),         true ],
    [ 'zip',                 Buffer.from('PK\x03\x04\x14'),   true ],
    [ 'text',                PLAIN,                           false ],
    [ 'CR as line end',      CR,                              true ],
    [ 'CR LF as line end',   Buffer.from('{}\r\n{}\r\n'),     false ],
    [ 'CSV',                 Buffer.from('Identity,Timestamp,Event\n'), true ],
    [ 'CSV with a fault',    Buffer.from('Identity;Timestamp;Event\n'), true ],
    [ 'an empty file',       Buffer.alloc(0),                 false ],
    [ 'one byte of gzip',    GZIP.subarray(0, 1),             false ],
    [ 'no object',           'gone',                          false ],
  ])('%s', async (_what, object, expected) => {
    const cloud = new MemoryCloud()
    cloud.object = object
    expect(await isReadFromStart(FILE, cloud.ports)).toBe(expected)
  })
})
