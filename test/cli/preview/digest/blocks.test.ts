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
  test('are whole lines, and together all of the file', async () => {
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

  test('hold no more of a line than it takes to see that it is too long', async () => {
    const texts = await blocks(bytesOf(['a\n', ...Array.from({ length: 12 }, () => 'x'.repeat(1_048_576)), '\nb\n', 'c']))
    expect(texts.join('').length).toBeLessThan(6 * 1_048_576)
    expect(
      texts
        .join('')
        .split('\n')
        .map((line) => line.slice(0, 2)),
    ).toEqual(['a', 'xx', 'b', 'c'])
  })

  test('of a file that breaks off do not hold its last line', async () => {
    expect(await blocks(bytesOf(['a\nb', 'c\nde', 'f'], new Error('broken')))).toEqual(['a\nbc\n', 'broken'])
    expect(await blocks(bytesOf(['a', 'b'], new Error('broken')))).toEqual(['broken'])
  })
})

describe('it makes no difference in how many threads a file is looked at', () => {
  const mixed = gunzipSync(readFileSync(new URL('../../../../examples/mixed-50000.jsonl.gz', import.meta.url)))
  const twins = Array.from({ length: 3_000 }, (_, index) => ({
    _p: `a,${index % 7}`,
    _t: TIME + (index % 900),
    _n: `x${index % 3}`,
    y: index % 5,
  }))
  const file = Buffer.concat([mixed, Buffer.from(jsonLines(twins)), mixed])

  test.each([1, 3])('in this one, or in %i more', async (threads) => {
    const alone = await surveyedBy(new DigestPool(0), file, mixed)
    expect(await surveyedBy(new DigestPool(threads), file, gzipSync(mixed))).toEqual(alone)
    expect(alone.lines.total).toBe(153_000)
  })
})

describe('threads are started', () => {
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
    ['not for a file that is looked at sooner', 300_000,   false],
    ['for a larger one',                        1_200_000, true ],
  ])('%s', async (_, bytes, isStarted) => {
    const pool = new Watched(1)
    await surveyedBy(pool, LINE.repeat(Math.ceil(bytes / LINE.length)))
    expect(pool.starts > 0).toBe(isStarted)
  })
})

test('a line that is too long is one line, wherever it stands', async () => {
  const good = jsonLines([{ _p: 'a', _t: TIME, _n: 'x' }])
  const long = `{"_p":"${'x'.repeat(5_000_000)}"}\n`
  const { lines, rejectedBy } = await surveyed(good + long + good.repeat(40_000) + long + good)
  expect(lines).toEqual({ total: 40_004, valid: 40_002, rejected: 2, blank: 0 })
  expect(rejectedBy.line_too_long?.examples.map(({ line }) => line)).toEqual([2, 40_003])
})
