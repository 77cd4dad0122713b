import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { namedFiles } from '../../../cli/files/named-files.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-named-'))
  for (const name of ['exports', 'exports/2025', 'empty', 'empty/deeper']) await mkdir(path.join(folder, name))
  for (const name of [
    'b.jsonl',
    'a.JSON.gz',
    'c.csv',
    'notes.txt',
    '.hidden.json',
    'd.json.part',
    '2025/e.json',
    'odd[1].json',
    'c.csv.report.json',
    'c.csv.rejected.jsonl',
  ])
    await writeFile(path.join(folder, 'exports', name), '')
})
afterAll(() => rm(folder, { recursive: true }))

/** The names, without the folder of the test. */
const named = async (...given: readonly string[]) => {
  const { names, notes } = await namedFiles(given.map((name) => (name === '-' ? name : path.join(folder, name))))
  return {
    names: names.map((name) => name.replace(`${folder}/`, '')),
    notes: notes.map((note) => note.replaceAll(`${folder}/`, '')),
  }
}

describe('what a user names, and the files that are meant', () => {
  // prettier-ignore
  test.each<[string, readonly string[], readonly string[]]>([
    // what                                     named                                         files
    [ 'a file',                                 ['exports/b.jsonl'],                          ['exports/b.jsonl'] ],
    [ 'a file with another name',               ['exports/notes.txt'],                        ['exports/notes.txt'] ],
    [ 'a file that does not exist',             ['exports/x.json'],                           ['exports/x.json'] ],
    [ 'a file twice',                           ['exports/b.jsonl', 'exports/b.jsonl'],       ['exports/b.jsonl'] ],
    [ 'a folder: what is to be imported in it', ['exports'],                                  ['exports/a.JSON.gz', 'exports/b.jsonl', 'exports/c.csv', 'exports/odd[1].json'] ],
    [ 'a file and its folder',                  ['exports/c.csv', 'exports/2025'],            ['exports/c.csv', 'exports/2025/e.json'] ],
    [ 'a pattern',                              ['exports/?.{csv,jsonl}'],                    ['exports/b.jsonl', 'exports/c.csv'] ],
    [ 'a pattern for folders too',              ['exports/**/e.*'],                           ['exports/2025/e.json'] ],
    [ 'a file whose name looks like a pattern', ['exports/odd[1].json'],                      ['exports/odd[1].json'] ],
    [ 'standard input',                         ['-'],                                        ['-'] ],
  ])('%s', async (_, given, files) => {
    const { names } = await named(...given)
    expect(names).toEqual(files)
  })

  test('an object of a bucket is not a pattern', async () => {
    const name = 's3://bucket/odd[1]*.json'
    expect(await namedFiles([name])).toEqual({ names: [name], notes: [] })
  })
})

test('the folders of a folder are left out, and named', async () => {
  const { notes } = await named('exports')
  expect(notes).toEqual([
    'The files directly in exports are taken. The folder exports/2025 is left out: name a folder to include it.',
  ])
})

describe('nothing to import', () => {
  // prettier-ignore
  test.each([
    [ 'empty',         /^There is no file to import in the folder .*empty: their names end in \.json, \.jsonl, \.ndjson, \.csv.* Name the files themselves, or another folder\.$/ ],
    [ 'exports/*.xml', /^No file matches .*exports\/\*\.xml\. Check the folder and the pattern: ls .*exports$/ ],
  ])('%s', async (name, message) => {
    await expect(named(name)).rejects.toThrow(message)
  })
})
