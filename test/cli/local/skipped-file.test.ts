import { brotliCompressSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { zipSync } from 'fflate'
import { whySkipped } from '../../../cli/local/skipped-file.ts'

const LINE = Buffer.from('{"_p":"a","_t":1393344604,"_n":"e"}\n')

// prettier-ignore
test.each<[string, string, Uint8Array, RegExp | undefined]>([
  //  a file that                              is called          its content                                  why it is skipped
  [ 'has lines',                               'export',          LINE,                                        undefined ],
  [ 'is an archive of one file with lines',    'export.zip',      zipSync({ a: LINE }),                        undefined ],
  [ 'has lines, and only its name says how they are compressed', 'export.br', brotliCompressSync(LINE),       undefined ],
  [ 'is an archive of several files',          'export.zip',      zipSync({ a: LINE, b: LINE }),               /^The file format is not supported \(a zip archive with 2 files/ ],
  [ 'has no lines',                            'notes.txt',       Buffer.from('hello\n'),                      /not a file of lines/ ],
])('a file that %s', async (_what, name, content, why) => {
  const read = (start: number, end: number) => Promise.resolve(Buffer.from(content.subarray(start, end)))
  const stats = { size: content.length, mtime: new Date() }
  const skipped = await whySkipped(read, `incoming/${name}`, stats, [])
  if (why === undefined) expect(skipped).toBeUndefined()
  else expect(skipped).toMatch(why)
})
