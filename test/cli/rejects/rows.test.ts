import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readRows } from '../../../cli/rejects/rows.ts'

const ROW = '{"line":{"_p":"a"},"id":"m"}'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-rows-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function fileOf(body: string | Buffer): Promise<string> {
  const file = path.join(folder, 'r.jsonl')
  await writeFile(file, body)
  return file
}

test('rows have the line numbers of the file; blank lines are skipped', async () => {
  const rows = await readRows(await fileOf(`${ROW}\n\n  \r\n${ROW.replace('"m"', '"n"')}`))
  expect(rows.map(({ number, id, line }) => [number, id, line])).toEqual([
    [1, 'm', '{"_p":"a"}'],
    [4, 'n', '{"_p":"a"}'],
  ])
})

test('a compressed file can be read', async () => {
  expect(await readRows(await fileOf(gzipSync(`${ROW}\n`)))).toHaveLength(1)
})

// prettier-ignore
test.each([
  ['a row that is not JSON',  `${ROW}\n{"line":\n`,                    'line 2: it is not one JSON object on one line. Fix that row, or pull the dead letters again. Nothing was sent.'],
  ['a row without an id',     '{"line":{"_p":"a"}}\n',                 'line 1: it has no "id". To send lines of your own, import them as a file. Fix that row'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]),        'line 1: it is too long, or not UTF-8.'],
])('%s is an error that names the line', async (_what, body, message) => {
  const file = await fileOf(body)
  await expect(readRows(file)).rejects.toThrow(`${file}, ${message}`)
})

test('a missing file is an error that says what to name', async () => {
  await expect(readRows('/nowhere/r.jsonl', ' --stack Prod')).rejects.toThrow(
    '/nowhere/r.jsonl could not be read (ENOENT). To write one, run: npx km-import rejects pull -o rejects.jsonl --stack Prod',
  )
})
