import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { OutputFile } from '../../../cli/rejects/output-file.ts'
import { NEVER } from './fixtures.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-output-'))
  file = path.join(folder, 'rejects.jsonl')
})
afterEach(() => rm(folder, { recursive: true }))

test('a file that was written stays, and only this user can read it', async () => {
  {
    await using output = await OutputFile.create(file)
    await output.write(['a\n', 'b\n'], NEVER)
  }
  expect(await readFile(file, 'utf8')).toBe('a\nb\n')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('a file that was never written is removed', async () => {
  {
    await using _output = await OutputFile.create(file)
    expect(await readdir(folder)).toEqual(['rejects.jsonl'])
  }
  expect(await readdir(folder)).toEqual([])
})

test('a file that is interrupted in the middle is removed', async () => {
  const controller = new AbortController()
  function* endless() {
    for (let index = 0; ; index += 1) {
      if (index === 1_000) setImmediate(() => { controller.abort() }) // prettier-ignore
      yield 'a\n'
    }
  }
  const writing = async () => {
    await using output = await OutputFile.create(file)
    await output.write(endless(), controller.signal)
  }
  await expect(writing()).rejects.toThrow('aborted')
  expect(await readdir(folder)).toEqual([])
})

test('an empty file, which an earlier run leaves that found nothing, is written again', async () => {
  await writeFile(file, '', { mode: 0o644 })
  {
    await using output = await OutputFile.create(file)
    await output.write(['a\n'], NEVER)
  }
  expect(await readFile(file, 'utf8')).toBe('a\n')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('a file that exists is not touched', async () => {
  await writeFile(file, 'mine')
  await expect(OutputFile.create(file)).rejects.toThrow('the file exists and may contain your edits')
  expect(await readFile(file, 'utf8')).toBe('mine')
})

test('a folder that does not exist is named, with its code', async () => {
  await expect(OutputFile.create(path.join(folder, 'no', 'file'))).rejects.toThrow(
    'could not be written (ENOENT). Its folder does not exist: create it, or choose another name.',
  )
})
