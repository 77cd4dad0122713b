import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../../cli/local/services.ts'
import { ArchivedFiles } from '../../../cli/rejects/archived-files.ts'
import { ARCHIVED_SCHEMA, archivedText, type ArchivedDeadLetter } from '../../../lambda/archive/archived.ts'
import { TEST_WIRING } from '../../support/installation.ts'

const FILE = 'archived/2026-03-20/run-0001.jsonl'

let folder: string
let cloud: LocalServices
let files: ArchivedFiles
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-parked-'))
  cloud = await startLocalServices(folder, 0, TEST_WIRING)
  files = new ArchivedFiles(cloud.s3, BUCKET)
})
afterEach(async () => {
  await cloud.stop()
  await rm(folder, { recursive: true })
})

function deadLetter(id: string): ArchivedDeadLetter {
  const at = '2026-03-20T12:00:00Z'
  return { schema: ARCHIVED_SCHEMA, id, sentAt: at, archivedAt: at, why: 'old', body: `body of ${id}` }
}

const put = (text: string, key = FILE) => cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }))

async function all(): Promise<readonly string[]> {
  const found: string[] = []
  await files.each(({ id }, file) => found.push(`${file} ${id}`), new AbortController().signal)
  return found.sort()
}

test('letters are taken out of their file, and the file goes with its last one', async () => {
  await put(archivedText(['a', 'b', 'c'].map(deadLetter)))
  await put(archivedText([deadLetter('d')]), 'archived/quarantined/incoming/x.json/v/line-7.jsonl')
  await files.remove(FILE, new Set(['b', 'none']))
  expect(await all()).toEqual([`${FILE} a`, `${FILE} c`, 'archived/quarantined/incoming/x.json/v/line-7.jsonl d'])
  await files.remove(FILE, new Set(['a', 'c']))
  await files.remove(FILE, new Set(['a', 'c']))
  expect(await all()).toEqual(['archived/quarantined/incoming/x.json/v/line-7.jsonl d'])
})

test('two who take letters out of one file at once leave out what both took, and nothing else', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `m-${index}`)
  await put(archivedText(ids.map(deadLetter)))
  await Promise.all(['m-0', 'm-3', 'm-7'].map((id) => files.remove(FILE, new Set([id]))))
  expect(await all()).toEqual(
    ids
      .filter((id) => !['m-0', 'm-3', 'm-7'].includes(id))
      .map((id) => `${FILE} ${id}`)
      .sort(),
  )
})

test('a file that was changed meanwhile is not removed', async () => {
  const { ETag } = await put(archivedText([deadLetter('a')]))
  await put(archivedText([deadLetter('a'), deadLetter('b')]))
  await expect(cloud.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: FILE, IfMatch: ETag }))).rejects.toMatchObject({
    name: 'PreconditionFailed',
  })
  expect(await all()).toHaveLength(2)
})

test('what somebody else put there is named, and stops everything', async () => {
  await put('hello', 'archived/mine.txt')
  await expect(all()).rejects.toThrow('archived/mine.txt in the bucket holds what this program did not put there: line 1')
})
