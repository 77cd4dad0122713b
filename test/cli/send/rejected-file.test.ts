import { appendFile, readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import type { SentFile } from '../../../cli/send/files.ts'
import { RejectedFile } from '../../../cli/send/rejected-file.ts'
import { deadLetterFor, TestFolder } from './sent-file.ts'

async function linesIn(file: SentFile): Promise<readonly number[]> {
  const rows = (await readFile(file.rejectedPath, 'utf8')).trimEnd().split('\n')
  return rows.map((row) => (JSON.parse(row) as { source: { line: number } }).source.line)
}

async function write(
  file: SentFile,
  watermarkLine: number,
  ...batches: readonly (readonly (number | undefined)[])[]
): Promise<void> {
  await using rejected = await RejectedFile.open(file, watermarkLine)
  await Promise.all(
    batches.map(async (lines) => {
      expect(await rejected.sendBatch(lines.map((line) => deadLetterFor(file, line)))).toEqual([])
    }),
  )
}

test('each rejected line becomes a row, in the order of the batches', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await write(file, 0, [2, 5], [3])
  expect(await linesIn(file)).toEqual([2, 5, 3])
})

test('a row has reason, detail, line and source', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await write(file, 0, [2])
  expect(JSON.parse(await readFile(file.rejectedPath, 'utf8'))).toMatchObject({
    reason: 'missing_timestamp',
    detail: 'The time is missing.',
    line: { _p: 'a' },
    source: { key: file.path, line: 2 },
    id: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
  })
})

test('after a crash, the rows that exist are not written again', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await write(file, 0, [2, 5, 7])
  await write(file, 3, [5, 6, 7, 9])
  expect(await linesIn(file)).toEqual([2, 5, 7, 6, 9])
})

// prettier-ignore
test.each([
  //  an incomplete row                 rows before it  it was cut after
  [ 'of some bytes',                    [2],            '{"reason":"missing_timest' ],
  [ 'longer than one read of the disk', [2, 3],         `{"line":"${'x'.repeat(200_000)}` ],
  [ 'exactly as long as one read',      [2],            `{"line":"${'x'.repeat(65_536 - 9)}` ],
  [ 'that is the first one',            [],             '{"reason":"missing_timest' ],
  [ 'that is the first one, and long',  [],             `{"line":"${'x'.repeat(200_000)}` ],
])('after a crash, an incomplete row %s is removed and written again', async (_what, before, torn) => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  if (before.length > 0) await write(file, 0, before)
  await appendFile(file.rejectedPath, torn)
  await write(file, 2, [5])
  expect(await linesIn(file)).toEqual([...before, 5])
})

test('a rejected file is not a row, and without rows there is no file', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await write(file, 0, [undefined])
  await expect(readFile(file.rejectedPath)).rejects.toThrow('ENOENT')
})
