import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { checkFile, type FileOutlook } from '../../../../../cli/console/page/imports/check-file.ts'

const GOOD = '{"_p":"bob","_t":1393344604,"_n":"Paid"}'

function check(content: string | Uint8Array<ArrayBuffer>, mostBytes = Infinity): Promise<FileOutlook> {
  return checkFile(new Blob([content]), { signal: new AbortController().signal, mostBytes, onProgress: () => undefined })
}

describe('a file is looked at before it is handed over', () => {
  // prettier-ignore
  test.each([
    // the file                          its bytes                                      lines  ready  how far
    [ 'plain',                           `${GOOD}\n${GOOD}`,                            2,     2,     'whole' ],
    [ 'empty',                           '',                                            0,     0,     'whole' ],
    [ 'gzip, whatever it is called',     gzipSync(`${GOOD}\n{}`),                       2,     1,     'whole' ],
    [ 'gzip that is cut off',            gzipSync(GOOD).subarray(0, -9),                0,     0,     'stuck' ],
  ])('%s', async (_what, content, lines, ready, extent) => {
    const bytes = typeof content === 'string' ? content : new Uint8Array(content)
    expect(await check(bytes)).toMatchObject({ lines, ready, extent })
  })

  test('the sample comes to what its import reports', async () => {
    const { lines, blank, ready } = await check(new Uint8Array(await readFile('examples/mixed-50000.jsonl.gz')))
    expect([lines, blank, ready]).toEqual([50_000, 219, 49_311])
  })

  test('a long one no further than was wanted', async () => {
    const content = `${GOOD}\n`.repeat(20_000)
    const { lines, extent } = await check(content, 100_000)
    expect(extent).toBe('part')
    expect(lines).toBeLessThan(20_000)
    expect((await check(content, content.length)).extent).toBe('whole')
  })

  test('and no longer than that', async () => {
    const stopped = checkFile(new Blob([GOOD]), { signal: AbortSignal.abort(), mostBytes: 1, onProgress: () => undefined })
    await expect(stopped).rejects.toThrow(/abort/i)
  })
})
