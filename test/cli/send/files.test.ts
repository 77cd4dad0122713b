import { appendFile, mkdir, readdir } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { etagOf, findFile, isWrittenBySend, renameToNumber } from '../../../cli/send/files.ts'
import { TestFolder } from './sent-file.ts'

test('a file has its report, rejected lines and state beside it', async () => {
  await using folder = await TestFolder.create()
  const path = await folder.write('may.jsonl', '{}\n')
  expect(await findFile(path)).toEqual({
    name: path,
    path,
    source: { bucket: 'this computer', key: path, etag: expect.any(String), bytes: 3 },
    reportPath: `${path}.report.json`,
    rejectedPath: `${path}.rejected.jsonl`,
    statePath: `${path}.send-state.json`,
  })
})

test('a file that is written to has another ETag', async () => {
  await using folder = await TestFolder.create()
  const { source, path } = await folder.sentFile('may.jsonl', '{}\n')
  await appendFile(path, '{}\n')
  expect((await findFile(path)).source.etag).not.toBe(source.etag)
  expect(etagOf({ size: 3, mtimeMs: 5.9, ino: 7 })).toBe('3-5-7')
})

test('a CSV file with another mapping of its columns is another file; JSON lines have no columns', async () => {
  await using folder = await TestFolder.create()
  const csv = await folder.write('may.csv', 'a,b\n')
  const json = await folder.write('may.jsonl.gz', '{}\n')
  const etagWith = async (path: string, target?: string) => {
    const { source } = await findFile(path, target === undefined ? undefined : { columns: { a: target } })
    return source.etag
  }
  expect(new Set([await etagWith(csv), await etagWith(csv, '_p'), await etagWith(csv, '_t')]).size).toBe(3)
  expect(await etagWith(json, '_p')).toBe(await etagWith(json))
})

describe('what cannot be sent', () => {
  // prettier-ignore
  test.each([
    [ '-',              'Standard input can be read only once, so an interrupted send could not continue.' ],
    [ 's3://b/a.jsonl', 's3://b/a.jsonl is in a bucket. Download it first' ],
    [ '/no/such.jsonl', '/no/such.jsonl cannot be sent: there is no such file. Check the name and the permissions.' ],
    [ '/dev/null',      '/dev/null is not a file, so an interrupted send could not continue. Write what it contains to a file, and send that.' ],
  ])('%s', async (name, message) => {
    await expect(findFile(name)).rejects.toThrow(message)
  })
})

describe('files that a send has written are recognised, if the sent file is there', () => {
  // prettier-ignore
  test.each([
    [ 'may.jsonl.report.json',         true ],
    [ 'may.jsonl.report.2.json',       true ],
    [ 'may.jsonl.rejected.jsonl',      true ],
    [ 'may.jsonl.rejected.1.jsonl',    true ],
    [ 'may.jsonl.send-state.json',     true ],
    [ 'may.jsonl',                     false ],
    [ 'june.jsonl.report.json',        false ],
    [ 'may.jsonl.other.json',          false ],
  ])('%s: %p', async (name, isWritten) => {
    await using folder = await TestFolder.create()
    await folder.write('may.jsonl', '')
    expect(isWrittenBySend(folder.at(name))).toBe(isWritten)
  })
})

test('a file is renamed to the next free number', async () => {
  await using folder = await TestFolder.create()
  await folder.write('a.report.json', 'new')
  await folder.write('a.report.1.json', 'old')
  await mkdir(folder.at('a.report.2.json'))
  expect(await renameToNumber(folder.at('a.report.json'))).toBe(folder.at('a.report.3.json'))
  expect(await readdir(folder.path)).toEqual(['a.report.1.json', 'a.report.2.json', 'a.report.3.json'])
  expect(await renameToNumber(folder.at('a.report.json'))).toBeUndefined()
})
