import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { preview } from '../../../cli/preview/preview.ts'
import type { PreviewSummary } from '../../../cli/preview/summary.ts'
import { LocalBuckets } from '../../lambda/read/local-bucket.ts'
import { jsonLines, TIME } from './surveyed.ts'

const GOOD = jsonLines([{ _p: 'a', _t: TIME, _n: 'Joined' }])

let dir: string
let written: string
const at = (name: string): string => path.join(dir, name)

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-preview-'))
  await writeFile(at('good.jsonl'), GOOD)
  await writeFile(at('good.jsonl.gz'), gzipSync(GOOD))
  await writeFile(at('bad.jsonl'), `${GOOD}{}\n`)
  await writeFile(at('table.csv'), 'a,b\n1,2\n3,4\n')
  await writeFile(at('cut.gz'), gzipSync(GOOD.repeat(100)).subarray(0, -9))
  await writeFile(at('empty.json'), '')
  await writeFile(at('good.jsonl.br'), brotliCompressSync(GOOD))
  await writeFile(at('good.zst'), zstdCompressSync(GOOD))
  for (const name of ['csv.zip', 'several.zip']) await copyFile(`test/lambda/read/unpack/made-by-tools/${name}`, at(name))
})
afterAll(() => rm(dir, { recursive: true }))

beforeEach(() => {
  written = ''
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text)
    return true
  })
})
afterEach(() => {
  jest.restoreAllMocks()
})

describe('the exit code says whether all lines are valid', () => {
  // prettier-ignore
  test.each([
    //  the files                                     exit code
    [ ['good.jsonl'],                                 0 ],
    [ ['good.jsonl', 'good.jsonl.gz'],                0 ],
    [ ['good.jsonl.br', 'good.zst', 'csv.zip'],       0 ],
    [ ['several.zip'],                                2 ],
    [ ['empty.json'],                                 0 ],
    [ ['bad.jsonl'],                                  1 ],
    [ ['good.jsonl', 'bad.jsonl'],                    1 ],
    [ ['table.csv'],                                  2 ],
    [ ['cut.gz'],                                     2 ],
    [ ['good.jsonl', 'bad.jsonl', 'table.csv'],       2 ],
  ])('%j: %i', async (names, exitCode) => {
    expect(await preview(names.map(at), { json: false })).toBe(exitCode)
    expect(written).not.toBe('')
  })
})

test('--json writes one document', async () => {
  expect(await preview([at('good.jsonl'), at('bad.jsonl')], { json: true })).toBe(1)
  const summary = JSON.parse(written) as PreviewSummary
  expect(summary).toMatchObject({
    schema: 'kissmetrics-importer/preview/v1',
    files: [
      { name: at('good.jsonl'), lines: 1 },
      { name: at('bad.jsonl'), lines: 2 },
    ],
    lines: { total: 3, valid: 2, rejected: 1, blank: 0 },
    rejectedBy: { missing_identity: { count: 1, examples: [{ file: at('bad.jsonl'), line: 2 }] } },
  })
})

describe('a file that cannot be read is reported before anything is shown', () => {
  // prettier-ignore
  test.each([
    [ 'none.json',          'cannot be read: there is no such file. Check the name and the permissions.' ],
    [ 's3://',              'is not the address of a file: expected s3://BUCKET/KEY' ],
    [ 's3://bucket/folder/', 'is not the address of a file: expected s3://BUCKET/KEY' ],
  ])('%j', async (name, message) => {
    const file = name.startsWith('s3:') ? name : at(name)
    await expect(preview([at('good.jsonl'), file], { json: false })).rejects.toThrow(message)
    expect(written).toBe('')
  })
})

test('the limit for a line is the importer’s', async () => {
  await writeFile(at('long.jsonl'), jsonLines([{ _p: 'a', _t: TIME, _n: 'Joined', text: 'x'.repeat(2_000) }]))
  process.env.KM_MAX_LINE_BYTES = '1024'
  try {
    expect(await preview([at('long.jsonl')], { json: false })).toBe(1)
    expect(written).toContain('line_too_long')
  } finally {
    delete process.env.KM_MAX_LINE_BYTES
  }
})

describe('a file in a bucket', () => {
  let buckets: LocalBuckets
  beforeAll(async () => {
    buckets = await LocalBuckets.start()
  })
  afterAll(() => buckets[Symbol.asyncDispose]())

  test('is read from the bucket', async () => {
    const { bucket, key } = await buckets.put(gzipSync(`${GOOD}{}\n`))
    expect(await preview([`s3://${bucket}/${key}`], { json: false })).toBe(1)
    expect(written).toContain(`s3://${bucket}/${key}\n1 line of 2 would be rejected.`)
  })

  test('that does not exist is reported', async () => {
    const { bucket } = await buckets.put(GOOD)
    await expect(preview([`s3://${bucket}/none.json`], { json: false })).rejects.toThrow(
      `s3://${bucket}/none.json cannot be read: there is no such object. Check the name.`,
    )
    await expect(preview(['s3://no-such-bucket/none.json'], { json: false })).rejects.toThrow('the bucket does not exist')
  })
})
