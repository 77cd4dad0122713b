import { appendFile, rm } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { localSourceFiles } from '../../../cli/send/open-file.ts'
import { TestFolder } from './sent-file.ts'

const startedAt = new Date('2026-01-01T00:00:00Z')

// prettier-ignore
test.each([
  //  range                    bytes
  [ undefined,                 '0123456789' ],
  [ { start: 0, end: 4 },      '0123' ],
  [ { start: 4 },              '456789' ],
  [ { start: 4, end: 100 },    '456789' ],
  [ { start: 10 },             '' ],
])('the range %j has exactly its bytes', async (range, bytes) => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '0123456789')
  const opened = await localSourceFiles(file, startedAt).open(file.source, range)
  if (opened.kind !== 'open') throw new Error(opened.kind)
  expect(opened).toMatchObject({ bytes: 10, etag: file.source.etag, lastModified: startedAt })
  expect(await text(opened.body)).toBe(bytes)
})

test('a deleted file is gone, a changed one superseded', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '0123456789')
  await appendFile(file.path, 'x')
  expect(await localSourceFiles(file, startedAt).open(file.source)).toEqual({ kind: 'superseded' })
  await rm(file.path)
  expect(await localSourceFiles(file, startedAt).open(file.source)).toEqual({ kind: 'gone' })
})
