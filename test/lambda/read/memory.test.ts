import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'

/** Each of these files would exceed this heap if its lines piled up anywhere: a line object needs 100 bytes or more. */
const HEAP_MIB = 64
const MEGABYTE = 1_000_000

interface Figures {
  readonly lines: number
  readonly last: unknown
  readonly error?: string
  readonly bytesRead: number
  readonly rssGrowth: number
}

async function readInProcess(kind: string, megabytes: number): Promise<Figures> {
  const program = path.join(import.meta.dirname, 'reading-process.ts')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`--max-old-space-size=${HEAP_MIB}`, program, kind, String(megabytes)],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  )
  return JSON.parse(stdout) as Figures // written by reading-process.ts
}

describe('memory does not depend on the size of a file, whatever it contains', () => {
  // A reader that searched the open line again with each chunk would need hours for the 500 MB line, not a second.
  // prettier-ignore
  test.each([
    //  it contains             MB      at most MB of memory    lines between its first and its last
    [ 'one line',               500,    100,                    () => 1 ],
    [ 'short lines',            60,     150,                    undefined ],
    [ 'blank lines',            2,      200,                    (bytes: number) => bytes + 1 ],
    [ 'undecodable lines',      1,      200,                    (bytes: number) => bytes / 2 + 1 ],
  ])('%s, %i MB', async (kind, megabytes, maxMegabytes, linesBetween) => {
    const { lines, last, bytesRead, rssGrowth } = await readInProcess(kind, megabytes)
    const between = bytesRead - 'first\n'.length - '\nlast'.length
    expect(between).toBeGreaterThanOrEqual(megabytes * MEGABYTE)
    if (linesBetween !== undefined) expect(lines).toBe(linesBetween(between) + 2)
    expect(last).toEqual({ number: lines, byteStart: bytesRead - 'last'.length, byteEnd: bytesRead, text: 'last' })
    expect(rssGrowth).toBeLessThan(maxMegabytes * MEGABYTE)
  })

  test('a gzip bomb (10 MB for 10 GB) is left after a thirtieth', async () => {
    const { lines, error, bytesRead, rssGrowth } = await readInProcess('a gzip bomb', 10_000)
    expect(error).toBe('UnreadableFile: it decompresses to more than 250 times its size')
    expect(lines).toBe(4_096)
    expect(bytesRead).toBeLessThan(400_000)
    expect(rssGrowth).toBeLessThan(150 * MEGABYTE)
  })

  test.each(['a gzip bomb of blank lines', 'a gzip bomb of empty objects'])(
    '%s (1 MB for 1 GB) is left after its first lines',
    async (kind) => {
      const { lines, error, bytesRead, rssGrowth } = await readInProcess(kind, 1_000)
      expect(error).toBe('UnreadableFile: it has more than 64 lines for each compressed byte')
      expect(lines).toBeLessThan(1_000_000)
      expect(bytesRead).toBeLessThan(100_000)
      expect(rssGrowth).toBeLessThan(200 * MEGABYTE)
    },
  )
})
