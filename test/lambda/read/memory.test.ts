import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'

/** A heap that a drop of one of these kinds would burst if its lines piled up anywhere. */
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
    {
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )
  return JSON.parse(stdout) as Figures // the program beside wrote it
}

describe('memory does not depend on the size of a drop, whatever is in it', () => {
  // A line that is searched again with each chunk would take hours to come to its end, and not a second.
  // prettier-ignore
  test.each([
    //  it has                  MB      takes up at most MB     and so many lines between its first and its last
    [ 'one line',               500,    100,                    () => 1 ],
    [ 'short lines',            100,    150,                    undefined ],
    [ 'blank lines',            10,     300,                    (bytes: number) => bytes + 1 ],
    [ 'undecodable lines',      5,      300,                    (bytes: number) => bytes / 2 + 1 ],
  ])('%s, %i MB', async (kind, megabytes, most, linesBetween) => {
    const { lines, last, bytesRead, rssGrowth } = await readInProcess(kind, megabytes)
    const between = bytesRead - 'first\n'.length - '\nlast'.length
    expect(between).toBeGreaterThanOrEqual(megabytes * MEGABYTE)
    if (linesBetween !== undefined) expect(lines).toBe(linesBetween(between) + 2)
    expect(last).toEqual({ number: lines, byteStart: bytesRead - 'last'.length, byteEnd: bytesRead, text: 'last' })
    expect(rssGrowth).toBeLessThan(most * MEGABYTE)
  }, 120_000)

  test('10 MB of gzip that would be 10 GB are left after a thirtieth', async () => {
    const { lines, error, bytesRead, rssGrowth } = await readInProcess('a gzip bomb', 10_000)
    expect(error).toBe('UnreadableFile: it unpacks to more than 250 times its size')
    expect(lines).toBe(4_096)
    expect(bytesRead).toBeLessThan(400_000)
    expect(rssGrowth).toBeLessThan(150 * MEGABYTE)
  }, 120_000)
})
