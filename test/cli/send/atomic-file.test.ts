import { chmod, mkdir, readdir, readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { readIfValid, stateFileError, writeAtomically } from '../../../cli/send/atomic-file.ts'
import { SetupError } from '../../../lambda/errors.ts'
import { TestFolder } from './sent-file.ts'

test('a document is replaced as a whole, and no draft is left', async () => {
  await using folder = await TestFolder.create()
  const file = folder.at('a.json')
  await writeAtomically(file, { lines: 1 })
  await writeAtomically(file, { lines: 2 })
  expect(await readFile(file, 'utf8')).toBe('{\n  "lines": 2\n}\n')
  expect(await readIfValid(file)).toEqual({ lines: 2 })
  expect(await readdir(folder.path)).toEqual(['a.json'])
})

test('if it cannot be written, the old document and no draft is left', async () => {
  await using folder = await TestFolder.create()
  const file = folder.at('a.json')
  await mkdir(file) // a folder cannot be replaced by a file
  await expect(writeAtomically(file, {})).rejects.toThrow(SetupError)
  expect(await readdir(folder.path)).toEqual(['a.json'])
})

// prettier-ignore
test.each([
  [ 'no file',         undefined ],
  [ 'an empty file',   '' ],
  [ 'not JSON',        '{"lines":' ],
  [ 'null',            'null' ],
])('%s reads as undefined', async (_what, content) => {
  await using folder = await TestFolder.create()
  if (content !== undefined) await folder.write('a.json', content)
  expect(await readIfValid(folder.at('a.json'))).toBeUndefined()
})

test('a file that may not be read is an error, not an absent one', async () => {
  await using folder = await TestFolder.create()
  await mkdir(folder.at('a.json'))
  await chmod(folder.at('a.json'), 0o700)
  await expect(readIfValid(folder.at('a.json'))).rejects.toThrow('a.json could not be read or written (EISDIR)')
})

// prettier-ignore
test.each([
  [ { code: 'ENOSPC' }, 'a.json could not be read or written (the disk is full).' ],
  [ { code: 'EACCES' }, 'a.json could not be read or written (EACCES).' ],
  [ 'odd',              'a.json could not be read or written (unknown error).' ],
])('the error for %j says how to continue', (cause, message) => {
  expect(stateFileError('a.json', cause).message).toBe(
    `${message} Free some disk space or check the permissions, then run the same command to continue.`,
  )
})
