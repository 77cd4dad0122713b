import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { openLines } from '../../../../lambda/read/lines.ts'
import { bodyOf, cut } from '../oracle.ts'

const LINES = ['bob', 'ann'].map((name) => `{"_p":"${name}@example.com","_t":1393344604,"_n":"Visited"}`)
const ROWS = [
  '',
  `{"_p":"bob@example.com","_t":1393344604,"_n":"Visited"}`,
  `{"_p":"ann@example.com","_t":1393344605,"_n":"Visited"}`,
]
const EVE = '{"_p":"eve@example.com","_t":1393344604,"_n":"Visited"}'

/** What reading a file gives: its lines, and why there are no more. */
async function read(file: Buffer, cuts: readonly number[], isPipe: boolean) {
  const reading = await openLines(bodyOf(cut(file, cuts)), {
    maxLineBytes: 1_000,
    ...(!isPipe && { readEnd: (bytes) => Promise.resolve({ tail: file.subarray(-bytes), fileBytes: file.length }) }),
  })
  const lines: string[] = []
  let reason = reading.refusal?.detail
  try {
    for await (const batch of reading.batches) lines.push(...batch.map(({ text }) => text))
  } catch (error) {
    reason = (error as { readonly rejection: { readonly detail: string } }).rejection.detail
  }
  return { lines, reason: /\((.*?)\)/.exec(reason ?? '')?.[1] }
}

const MANY_CUTS = Array.from({ length: 600 }, (_, index) => index)

function fileOf(name: string): Buffer {
  return readFileSync(path.join(import.meta.dirname, 'made-by-tools', name))
}

describe('a file that other programs have written', () => {
  // prettier-ignore
  test.each([
    //  the file                        its lines
    [ 'deflated.zip',                   LINES ],
    [ 'stored.zip',                     LINES ],
    [ 'extra-fields.zip',               LINES ],
    [ 'zip64.zip',                      LINES ],
    [ 'pipe.zip',                       LINES ],
    [ 'stdin.zip',                      LINES ],
    [ 'folder.zip',                     LINES ],
    [ 'comment.zip',                    LINES ],
    [ 'macos.zip',                      LINES ],
    [ 'python-stored-pipe.zip',         LINES ],
    [ 'python-deflated-pipe.zip',       LINES ],
    [ 'python-zip64-pipe.zip',          LINES ],
    [ 'csv.zip',                        ROWS ],
    [ 'lines.zst',                      LINES ],
    [ 'stdin.zst',                      LINES ],
    [ 'two-frames.zst',                 [...LINES, EVE] ],
    [ 'csv.zst',                        ROWS ],
  ])('%s is read, however it arrives', async (name, lines) => {
    for (const cuts of [[], [1], [40, 41], MANY_CUTS])
      for (const isPipe of [false, true]) expect(await read(fileOf(name), cuts, isPipe)).toEqual({ lines, reason: undefined })
  })

  // prettier-ignore
  test.each([
    //  the file                why it is not read
    [ 'encrypted.zip',          'an encrypted zip archive; unpack it with its password, and import the file in it' ],
    [ 'python-lzma.zip',        'a zip archive with the compression LZMA; write it again with the usual one, deflate' ],
    [ 'python-bzip2.zip',       'a zip archive with the compression bzip2; write it again with the usual one, deflate' ],
    [ 'only-folders.zip',       'a zip archive without a file' ],
  ])('%s is not read', async (name, reason) => {
    for (const cuts of [[], MANY_CUTS])
      for (const isPipe of [false, true]) expect(await read(fileOf(name), cuts, isPipe)).toEqual({ lines: [], reason })
  })

  test('nothing of an archive with several files is read, unless it comes from a pipe: then the first', async () => {
    const file = fileOf('several.zip')
    expect(await read(file, [], false)).toEqual({
      lines: [],
      reason: 'a zip archive with 3 files; unpack it, and import each file',
    })
    expect(await read(file, [], true)).toEqual({
      lines: LINES,
      reason: 'it is a zip archive with several files; unpack it, and import each file',
    })
  })
})
