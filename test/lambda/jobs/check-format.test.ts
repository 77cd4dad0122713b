import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { checkFormat } from '../../../lambda/jobs/check-format.ts'
import { BAD_LINE, FILE, goodLine, MemoryCloud } from '../../support/memory-cloud.ts'

// prettier-ignore
test.each<[string, Buffer | string, string | undefined]>([
  //  a file                                      bytes                                            is refused
  [ 'of JSON lines',                              `${goodLine()}\n${BAD_LINE}\n`,                  undefined ],
  [ 'whose first line is damaged',                `{"_p":\n${goodLine()}\n`,                       undefined ],
  [ 'that is empty',                              '',                                              undefined ],
  [ 'with a million blank lines',                 '\n'.repeat(1_000_000),                          undefined ],
  [ 'that is a table',                            'email,event\n'.repeat(20_000),                  'not_line_delimited_json' ],
  [ 'that is one document',                       `[\n  {\n    "_p": "a"\n  }\n]\n`,        'not_line_delimited_json' ],
  [ 'that was compressed twice',                  gzipSync(gzipSync(goodLine())),                  'unsupported_format' ],
  [ 'in UTF-16',                                  Buffer.from(goodLine(), 'utf16le'),              'unsupported_format' ],
])('a file %s', async (_what, bytes, reason) => {
  const cloud = new MemoryCloud()
  cloud.object = Buffer.from(bytes)
  const opened = await cloud.ports.files.open(FILE)
  if (opened.kind !== 'open') throw new Error(opened.kind)
  expect((await checkFormat(opened, { maxLineBytes: 1_024 }, { latestTime: Infinity }))?.reason).toBe(reason)
  expect(opened.body.destroyed).toBe(true)
})
