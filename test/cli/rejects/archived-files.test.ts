import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { ArchivedFiles } from '../../../cli/rejects/archived-files.ts'
import { ARCHIVED_SCHEMA, archivedText, type ArchivedDeadLetter } from '../../../lambda/archive/archived.ts'
import { NEVER, TestDeployment } from './fixtures.ts'

const FILE = 'archived/2026-03-20/run-0001.jsonl'
const QUARANTINED = 'archived/quarantined/incoming/x.json/v/line-7.jsonl'

let cloud: TestDeployment
let files: ArchivedFiles
beforeEach(async () => {
  cloud = await TestDeployment.start()
  files = new ArchivedFiles(cloud.deployment.s3, BUCKET)
})
afterEach(() => cloud[Symbol.asyncDispose]())

function archived(id: string): ArchivedDeadLetter {
  const at = '2026-03-20T12:00:00Z'
  return { schema: ARCHIVED_SCHEMA, id, sentAt: at, archivedAt: at, why: 'old', body: `body of ${id}` }
}

async function all(): Promise<readonly string[]> {
  const found: string[] = []
  await files.readAll(({ id }, file) => found.push(`${file} ${id}`), NEVER)
  return found.sort()
}

test('dead letters are removed from their file, and the file is deleted with the last one', async () => {
  await cloud.put(FILE, archivedText(['a', 'b', 'c'].map(archived)))
  await cloud.put(QUARANTINED, archivedText([archived('d')]))
  await files.remove(FILE, new Set(['b', 'none']))
  expect(await all()).toEqual([`${FILE} a`, `${FILE} c`, `${QUARANTINED} d`])
  await files.remove(FILE, new Set(['a', 'c']))
  await files.remove(FILE, new Set(['a', 'c']))
  expect(await all()).toEqual([`${QUARANTINED} d`])
})

test('removing from the same file at the same time removes exactly what each call names', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `m-${index}`)
  await cloud.put(FILE, archivedText(ids.map(archived)))
  await Promise.all(['m-0', 'm-3', 'm-7'].map((id) => files.remove(FILE, new Set([id]))))
  expect(await all()).toEqual(
    ids
      .filter((id) => !['m-0', 'm-3', 'm-7'].includes(id))
      .map((id) => `${FILE} ${id}`)
      .sort(),
  )
})

test('a dead letter that another replay removes between the read and the write of a claim is not claimed', async () => {
  await cloud.put(FILE, archivedText([archived('a')]))
  const { s3 } = cloud.deployment
  const send = s3.send.bind(s3) as (command: unknown) => Promise<never>
  const sending = jest.spyOn(s3, 'send') as jest.SpiedFunction<typeof send>
  sending.mockImplementation(async (command) => {
    if (!(command instanceof PutObjectCommand)) return send(command)
    sending.mockImplementation(send)
    await new ArchivedFiles(s3, BUCKET).remove(FILE, new Set(['a']))
    return send(command)
  })
  const claim = { file: 'incoming/replays/r.jsonl', run: 'r', at: '2026-03-20T12:00:00Z' }
  expect(await files.claim(FILE, new Set(['a']), claim)).toEqual(new Map([['a', 'taken']]))
})

test('a file that has changed since it was read is not deleted', async () => {
  const etag = await cloud.put(FILE, archivedText([archived('a')]))
  await cloud.put(FILE, archivedText([archived('a'), archived('b')]))
  const stale = new DeleteObjectCommand({ Bucket: BUCKET, Key: FILE, IfMatch: etag })
  await expect(cloud.deployment.s3.send(stale)).rejects.toMatchObject({ name: 'PreconditionFailed' })
  expect(await all()).toHaveLength(2)
})

test('a foreign file under archived/ is named, and stops the command', async () => {
  await cloud.put('archived/mine.txt', 'hello')
  await expect(all()).rejects.toThrow('archived/mine.txt in the bucket is not a file of archived dead letters (line 1')
})

test('a line of a newer version is named, and its file is never written again', async () => {
  const text = `${archivedText([archived('a')])}{"schema":"kissmetrics-importer/archived/v2","id":"b"}\n`
  await cloud.put(FILE, text)
  const newer: string[] = []
  await files.readAll(
    () => undefined,
    NEVER,
    ({ id }) => newer.push(id),
  )
  expect([await all(), newer]).toEqual([[`${FILE} a`], [`${FILE}:2`]])
  const claim = { file: 'incoming/replays/r.jsonl', run: 'r', at: '2026-03-20T12:00:00Z' }
  const refused = `${FILE} was written by a newer version of the importer. Use that version again, or a later one.`
  await expect(files.claim(FILE, new Set(['a']), claim)).rejects.toThrow(refused)
  await expect(files.remove(FILE, new Set(['a']))).rejects.toThrow(refused)
  expect(await cloud.read(FILE)).toBe(text)
})

test('fields that a newer version has added are kept', async () => {
  const added = { ...archived('a'), addedLater: true }
  await cloud.put(FILE, archivedText([added, archived('b')]))
  await files.remove(FILE, new Set(['b']))
  expect(await cloud.read(FILE)).toBe(archivedText([added]))
})
