import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { checkFile, type FileCheck } from '../../../../../cli/console/page/imports/check-file.ts'

const GOOD = '{"_p":"bob","_t":1393344604,"_n":"Paid"}'

function check(content: string | Uint8Array<ArrayBuffer>, maxBytes = Infinity): Promise<FileCheck> {
  return checkFile(new Blob([content]), { signal: new AbortController().signal, maxBytes, onProgress: () => undefined })
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

  test('with the same counts as its import', async () => {
    const { lines, blank, ready } = await check(new Uint8Array(await readFile('examples/mixed-50000.jsonl.gz')))
    expect([lines, blank, ready]).toEqual([50_000, 219, 49_311])
  })

  test('up to the given number of bytes', async () => {
    const content = `${GOOD}\n`.repeat(20_000)
    const { lines, extent } = await check(content, 100_000)
    expect(extent).toBe('partial')
    expect(lines).toBeLessThan(20_000)
    expect((await check(content, content.length)).extent).toBe('complete')
  })

  test('until the check is canceled', async () => {
    const canceled = checkFile(new Blob([GOOD]), { signal: AbortSignal.abort(), maxBytes: 1, onProgress: () => undefined })
    await expect(canceled).rejects.toThrow(/abort/i)
  })
})
