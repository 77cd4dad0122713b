import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { fileOfKey } from '../../../cli/local/file-of-key.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-file-of-key-'))
  await mkdir(path.join(folder, 'drop', 'daily'), { recursive: true })
  await writeFile(path.join(folder, 'drop', 'daily', 'a.json'), '')
  await writeFile(path.join(folder, 'outside.json'), '')
})
afterAll(() => rm(folder, { recursive: true }))

// prettier-ignore
test.each([
  //  what                                    key                               the file
  [ 'a file in the folder',                   'incoming/daily/a.json',          'drop/daily/a.json' ],
])('%s', (_what, key, file) => {
  expect(fileOfKey(key, path.join(folder, 'drop'))).toBe(path.join(folder, file))
})

// prettier-ignore
test.each([
  //  what                                      key                               the name
  [ 'a file from the page, or deleted since',   'incoming/daily/b.json',          'b.json' ],
  [ 'a key that would lead out of the folder',  'incoming/../outside.json',       'outside.json' ],
  [ 'a key with another prefix',                'exports/daily/a.json',           'a.json' ],
])('%s: its name alone', (_what, key, name) => {
  expect(fileOfKey(key, path.join(folder, 'drop'))).toBe(name)
})

test('a sample, also if the folder is not known', () => {
  expect(fileOfKey('incoming/samples/invalid.json', undefined)).toBe('examples/invalid.json')
})
