import { readFile } from 'node:fs/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import type { CheckContext } from '../../../../../cli/console/api-types.ts'
import { survey } from '../../../../../cli/preview/preview.ts'
import { readHoldSettings } from '../../../../../lambda/settings/hold.ts'
import { checkFile, type FileCheck } from '../../../../../cli/console/page/imports/check-file.ts'

const CONTEXT = { rules: [], hold: readHoldSettings({}) }
const GOOD = '{"_p":"bob","_t":1393344604,"_n":"Paid"}'

function check(
  content: string | Uint8Array<ArrayBuffer>,
  maxBytes = Infinity,
  name = 'a.jsonl',
  context: CheckContext = CONTEXT,
): Promise<FileCheck> {
  return checkFile(new Blob([content]), name, {
    signal: new AbortController().signal,
    maxBytes,
    context,
    onProgress: () => undefined,
  })
}

describe('a file is checked before its upload', () => {
  // prettier-ignore
  test.each([
    // file                              bytes                                          lines  ready  extent
    [ 'plain text',                      `${GOOD}\n${GOOD}`,                            2,     2,     'complete' ],
    [ 'empty',                           '',                                            0,     0,     'complete' ],
    [ 'gzip, whatever its name',         gzipSync(`${GOOD}\n{}`),                       2,     1,     'complete' ],
    [ 'truncated gzip',                  gzipSync(GOOD).subarray(0, -9),                0,     0,     'unreadable' ],
  ])('%s', async (_what, content, lines, ready, extent) => {
    const bytes = typeof content === 'string' ? content : new Uint8Array(content)
    expect(await check(bytes)).toMatchObject({ lines, ready, extent })
  })

  // prettier-ignore
  test.each<[string, object]>([
    //  the file                        its check
    [ 'deflated.zip',                   { lines: 2, ready: 2, extent: 'complete' } ],
    [ 'stored.zip',                     { lines: 2, ready: 2, extent: 'complete' } ],
    [ 'macos.zip',                      { lines: 2, ready: 2, extent: 'complete' } ],
    [ 'zip64.zip',                      { lines: 2, ready: 2, extent: 'complete' } ],
    [ 'comment.zip',                    { lines: 2, ready: 2, extent: 'complete' } ],
    [ 'python-zip64-pipe.zip',          { lines: 2, ready: 2, extent: 'complete' } ],
    [ 'csv.zip',                        { lines: 3, ready: 2, blank: 1, extent: 'complete' } ],
    [ 'several.zip',                    { lines: 0, refusal: { detail: expect.stringContaining('a zip archive with 3 files') } } ],
    [ 'encrypted.zip',                  { lines: 0, refusal: { detail: expect.stringContaining('an encrypted zip archive') } } ],
    [ 'lines.zst',                      { lines: 0, extent: 'unchecked' } ],
  ])('%s', async (name, result) => {
    const file = await readFile(`test/lambda/read/unpack/made-by-tools/${name}`)
    expect(await check(new Uint8Array(file), Infinity, name)).toMatchObject(result)
  })

  test('but not brotli, and not an archive without its end', async () => {
    expect(await check(new Uint8Array(brotliCompressSync(GOOD)), Infinity, 'a.jsonl.br')).toMatchObject({ extent: 'unchecked' })
    const archive = await readFile('test/lambda/read/unpack/made-by-tools/deflated.zip')
    expect(await check(new Uint8Array(archive.subarray(0, -30)))).toMatchObject({ lines: 0, extent: 'unreadable' })
  })

  test('with the same counts as its import', async () => {
    const { lines, blank, ready } = await check(new Uint8Array(await readFile('examples/mixed-50000.jsonl.gz')))
    expect([lines, blank, ready]).toEqual([50_000, 219, 49_311])
  })

  test('with the content that `km-import preview` shows', async () => {
    const name = 'examples/mixed-50000.jsonl.gz'
    const { content } = await check(new Uint8Array(await readFile(name)))
    const { files: _files, rejectedBy: _rejectedBy, aliases, repeats, ...page } = content!.summary
    expect(await survey([name])).toMatchObject({
      ...page,
      aliases: { ...aliases, largest: expect.anything() as unknown },
      repeats: { ...repeats, examples: expect.anything() as unknown },
    })
  })

  const chain = Array.from({ length: 12 }, (_, index) => `{"_p":"shared","_t":1393344604,"_p2":"p${index}"}`)
  const valid = Array.from({ length: 100 }, (_, index) => `{"_p":"p${index}","_t":1393344604,"_n":"Paid"}`)
  // prettier-ignore
  test.each([
    // file                            lines                                                  held because of
    [ 'an ordinary one',               valid,                                                 [] ],
    [ 'one that merges many people',   [...valid, ...chain],                                  ['merged_people'] ],
    [ 'one with many rejected lines',  [...valid, ...Array<string>(40).fill('{"_p":"a"}')],   ['rejected_lines'] ],
    [ 'one that is rejected anyway',   ['not JSON'],                                          [] ],
  ])('with what would hold it: %s', async (_what, lines, rules) => {
    const { content } = await check(lines.join('\n'))
    expect(content!.holds.map(({ rule }) => rule)).toEqual(rules)
  })

  test('with the import rules for its name', async () => {
    const rules = [{ fix: 'ms-timestamps' }]
    const milliseconds = GOOD.replace('1393344604', '1393344604000')
    expect(await check(milliseconds)).toMatchObject({ ready: 0 })
    expect(await check(milliseconds, Infinity, 'a.jsonl', { ...CONTEXT, rules })).toMatchObject({ ready: 1 })
  })

  test('up to the given number of bytes', async () => {
    const content = `${GOOD}\n`.repeat(20_000)
    const { lines, extent } = await check(content, 100_000)
    expect(extent).toBe('partial')
    expect(lines).toBeLessThan(20_000)
    expect((await check(content, content.length)).extent).toBe('complete')
  })

  test('until the check is canceled', async () => {
    const canceled = checkFile(new Blob([GOOD]), 'a.jsonl', {
      signal: AbortSignal.abort(),
      maxBytes: 1,
      context: CONTEXT,
      onProgress: () => undefined,
    })
    await expect(canceled).rejects.toThrow(/abort/i)
  })
})
