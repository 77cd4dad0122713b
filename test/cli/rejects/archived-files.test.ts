import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { BUCKET, startCloud, type Cloud } from '../../../cli/local/services.ts'
import { ParkedFiles } from '../../../cli/rejects/archived-files.ts'
import { PARKED_SCHEMA, parkedText, type ParkedLetter } from '../../../lambda/archive/archived.ts'
import { TEST_WIRING } from '../../support/installation.ts'

const FILE = 'parked/2026-03-20/run-0001.jsonl'

let folder: string
let cloud: Cloud
let files: ParkedFiles
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-parked-'))
  cloud = await startCloud(folder, 0, TEST_WIRING)
  files = new ParkedFiles(cloud.s3, BUCKET)
})
afterEach(async () => {
  await cloud.stop()
  await rm(folder, { recursive: true })
})

function letter(id: string): ParkedLetter {
  const at = '2026-03-20T12:00:00Z'
  return { schema: PARKED_SCHEMA, id, sentAt: at, parkedAt: at, why: 'old', body: `body of ${id}` }
}

const put = (text: string, key = FILE) => cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }))

async function all(): Promise<readonly string[]> {
  const found: string[] = []
  await files.each(({ id }, file) => found.push(`${file} ${id}`), new AbortController().signal)
  return found.sort()
}

test('letters are taken out of their file, and the file goes with its last one', async () => {
  await put(parkedText(['a', 'b', 'c'].map(letter)))
  await put(parkedText([letter('d')]), 'parked/set-aside/incoming/x.json/v/line-7.jsonl')
  await files.remove(FILE, new Set(['b', 'none']))
  expect(await all()).toEqual([`${FILE} a`, `${FILE} c`, 'parked/set-aside/incoming/x.json/v/line-7.jsonl d'])
  await files.remove(FILE, new Set(['a', 'c']))
  await files.remove(FILE, new Set(['a', 'c']))
  expect(await all()).toEqual(['parked/set-aside/incoming/x.json/v/line-7.jsonl d'])
})

test('two who take letters out of one file at once leave out what both took, and nothing else', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `m-${index}`)
  await put(parkedText(ids.map(letter)))
  await Promise.all(['m-0', 'm-3', 'm-7'].map((id) => files.remove(FILE, new Set([id]))))
  expect(await all()).toEqual(
    ids
      .filter((id) => !['m-0', 'm-3', 'm-7'].includes(id))
      .map((id) => `${FILE} ${id}`)
      .sort(),
  )
})

test('a file that was changed meanwhile is not removed', async () => {
  const { ETag } = await put(parkedText([letter('a')]))
  await put(parkedText([letter('a'), letter('b')]))
  await expect(cloud.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: FILE, IfMatch: ETag }))).rejects.toMatchObject({
    name: 'PreconditionFailed',
  })
  expect(await all()).toHaveLength(2)
})

test('what somebody else put there is named, and stops everything', async () => {
  await put('hello', 'parked/mine.txt')
  await expect(all()).rejects.toThrow('parked/mine.txt in the bucket holds what this program did not put there: line 1')
})
