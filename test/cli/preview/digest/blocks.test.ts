import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { blocksOf } from '../../../../cli/preview/digest/blocks.ts'
import { DigestPool } from '../../../../cli/preview/digest/digest-pool.ts'
import { jsonLines, surveyed, surveyedBy, TIME } from '../surveyed.ts'

async function* bytesOf(chunks: readonly string[], error?: Error): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk))
  if (error !== undefined) throw error
}

async function blocks(bytes: AsyncIterable<Buffer>): Promise<readonly string[]> {
  const texts: string[] = []
  try {
    for await (const block of blocksOf(bytes)) texts.push(Buffer.from(block).toString())
  } catch (error) {
    texts.push((error as Error).message)
  }
  return texts
}

describe('blocks', () => {
  test('are whole lines, and together the whole file', async () => {
    const chunk = fc.tuple(fc.integer({ min: 0, max: 700_000 }), fc.boolean())
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), async (parts) => {
        const chunks = parts.map(([length, endsLine]) => 'x'.repeat(length) + (endsLine ? '\ny' : ''))
        const texts = await blocks(bytesOf(chunks))
        expect(texts.join('') === chunks.join('')).toBe(true)
        for (const text of texts.slice(0, -1)) expect(text.endsWith('\n')).toBe(true)
      }),
      { numRuns: 15 },
    )
  })

  test('keep only the start of a line that is too long', async () => {
    const texts = await blocks(bytesOf(['a\n', ...Array.from({ length: 12 }, () => 'x'.repeat(1_048_576)), '\nb\n', 'c']))
    expect(texts.join('').length).toBeLessThan(6 * 1_048_576)
    expect(
      texts
        .join('')
        .split('\n')
        .map((line) => line.slice(0, 2)),
    ).toEqual(['a', 'xx', 'b', 'c'])
  })

  test('do not contain the last line of a file that cannot be read to its end', async () => {
    expect(await blocks(bytesOf(['a\nb', 'c\nde', 'f'], new Error('broken')))).toEqual(['a\nbc\n', 'broken'])
    expect(await blocks(bytesOf(['a', 'b'], new Error('broken')))).toEqual(['broken'])
  })
})

describe('the number of threads does not change the summary', () => {
  const all = gunzipSync(readFileSync(new URL('../../../../examples/mixed-50000.jsonl.gz', import.meta.url)))
  const mixed = all.subarray(0, all.indexOf('\n', 2_000_000) + 1) // four blocks
  const twins = Array.from({ length: 3_000 }, (_, index) => ({
    _p: `a,${index % 7}`,
    _t: TIME + (index % 900),
    _n: `x${index % 3}`,
    y: index % 5,
  }))
  const file = Buffer.concat([mixed, Buffer.from(jsonLines(twins)), mixed])

  test('0, 1 or 3', async () => {
    const expected = await surveyedBy(new DigestPool(0), file, mixed)
    expect(await surveyedBy(new DigestPool(1), file, gzipSync(mixed))).toEqual(expected)
    expect(await surveyedBy(new DigestPool(3), file, gzipSync(mixed))).toEqual(expected)
    expect(expected.lines.total).toBeGreaterThan(40_000)
  })
})

describe('threads are started only if that saves time', () => {
  class Watched extends DigestPool {
    starts = 0

    override start(): void {
      this.starts += 1
      super.start()
    }
  }

  const LINE = jsonLines([{ _p: 'a', _t: TIME, _n: 'x' }])
  // prettier-ignore
  test.each([
    ['not for a small file', 300_000,   false],
    ['for a large file',     1_200_000, true ],
  ])('%s', async (_, bytes, isStarted) => {
    const pool = new Watched(1)
    await surveyedBy(pool, LINE.repeat(Math.ceil(bytes / LINE.length)))
    expect(pool.starts > 0).toBe(isStarted)
  })
})

test('a line that is too long counts as one line, at any position', async () => {
  const good = jsonLines([{ _p: 'a', _t: TIME, _n: 'x' }])
  const long = `{"_p":"${'x'.repeat(5_000_000)}"}\n`
  const { lines, rejectedBy } = await surveyed(good + long + good.repeat(40_000) + long + good)
  expect(lines).toEqual({ total: 40_004, valid: 40_002, rejected: 2, blank: 0 })
  expect(rejectedBy.line_too_long?.examples.map(({ line }) => line)).toEqual([2, 40_003])
})
