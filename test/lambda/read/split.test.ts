import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { splitSegments, type SplitOptions } from '../../../lambda/read/split.ts'
import type { Segment } from '../../../lambda/intake/task.ts'
import { openLines, type Line } from '../../../lambda/read/lines.ts'
import { allOf, bodyOf, cut, oracle, plain } from './oracle.ts'

function segmentsOf(file: Buffer, options: SplitOptions, cuts: readonly number[] = []): Promise<readonly Segment[]> {
  return allOf(splitSegments(bodyOf(cut(file, cuts)), options))
}

describe('a segment ends with the first line that reaches the segment size', () => {
  // prettier-ignore
  test.each<[string, string, readonly string[]]>([
    //  the file                                its text                its segments of 4 bytes
    [ 'is empty',                               '',                     [] ],
    [ 'is shorter than a segment',              'a\n',                  ['a\n'] ],
    [ 'is shorter, without a newline',          'a',                    ['a'] ],
    [ 'has lines that fit',                     'a\nb\nc\nd\n',         ['a\nb\n', 'c\nd\n'] ],
    [ 'has lines that exceed it',               'aa\nbb\ncc\ndd\n',     ['aa\nbb\n', 'cc\ndd\n'] ],
    [ 'has a line as long as one',              'aaa\nb\n',             ['aaa\n', 'b\n'] ],
    [ 'has a line as long as many',             'aaaaaaaaaaaaa\nb\n',   ['aaaaaaaaaaaaa\n', 'b\n'] ],
    [ 'ends without a newline',                 'aaa\nb',               ['aaa\n', 'b'] ],
    [ 'is one long line, no newline',           'aaaaaaaaaaaaa',        ['aaaaaaaaaaaaa'] ],
    [ 'has only blank lines',                   '\n\n\n\n\n',           ['\n\n\n\n', '\n'] ],
    [ 'has \\r\\n',                             'a\r\nb\r\nc',          ['a\r\nb\r\n', 'c'] ],
    [ 'starts with a byte order mark',          '\ufeff\nb\n',          ['\ufeff\n', 'b\n'] ],
  ])('of a file that %s', async (_what, text, expected) => {
    const file = Buffer.from(text)
    for (const cuts of [[], [1], Array.from(file, (_, index) => index)]) {
      const segments = await segmentsOf(file, { segmentBytes: 4 }, cuts)
      expect(segments.map(({ byteStart, byteEnd }) => file.subarray(byteStart, byteEnd).toString())).toEqual(expected)
      expect(segments.map(({ index }) => index)).toEqual(expected.map((_, index) => index + 1))
    }
  })
})

// Bytes that matter for lines, and bytes that must not matter: carriage returns, parts of characters, NUL.
const files = fc
  .array(fc.constantFrom('\n', '\n\n', '\r\n', 'a', 'bcdefgh', '名', '\0', '\r', '\ufeff', Buffer.from([0xff, 0xfe])), {
    maxLength: 60,
  })
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as Buffer))))
  // For a byte order mark alone, the reader has no line and the splitter one. A file of three bytes is never split.
  .filter((file) => !file.equals(Buffer.from('\ufeff')))
const chunking = fc.array(fc.nat(500))
const size = fc.integer({ min: 1, max: 40 })

function newlinesBefore(file: Buffer, end: number): number {
  return file.subarray(0, end).filter((byte) => byte === 0x0a).length
}

describe('for any file, chunking and segment size', () => {
  test('the segments cover the file; each ends with a line, as early as possible', async () => {
    await fc.assert(
      fc.asyncProperty(files, chunking, size, async (file, cuts, segmentBytes) => {
        const segments = await segmentsOf(file, { segmentBytes }, cuts)
        const ends = segments.map(({ byteEnd }) => byteEnd)
        expect(segments.map(({ byteStart }) => byteStart)).toEqual(segments.map((_, index) => ends[index - 1] ?? 0))
        expect(ends.at(-1) ?? 0).toBe(file.length)
        for (const { byteStart, byteEnd } of segments) {
          if (byteEnd < file.length) expect(file[byteEnd - 1]).toBe(0x0a)
          const newline = file.indexOf(0x0a, byteStart + segmentBytes - 1)
          expect(byteEnd).toBe(newline === -1 ? file.length : newline + 1)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('the lines have the same numbers and positions as in the whole file', async () => {
    await fc.assert(
      fc.asyncProperty(files, chunking, size, fc.integer({ min: 1, max: 12 }), async (file, cuts, segmentBytes, maxLineBytes) => {
        const lines: Line[] = []
        for (const { byteStart, byteEnd, firstLine, lines: count } of await segmentsOf(file, { segmentBytes }, cuts)) {
          expect(firstLine).toBe(1 + newlinesBefore(file, byteStart))
          const body = bodyOf(cut(file.subarray(byteStart, byteEnd), cuts))
          const { batches } = await openLines(body, { maxLineBytes, byteStart, firstLine })
          const here = (await allOf(batches)).flat()
          expect(here).toHaveLength(count)
          lines.push(...here)
        }
        expect(plain(lines)).toEqual(plain(oracle(file, maxLineBytes)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('splitting can continue after any segment', async () => {
    await fc.assert(
      fc.asyncProperty(files, chunking, size, async (file, cuts, segmentBytes) => {
        const segments = await segmentsOf(file, { segmentBytes }, cuts)
        for (const [done, { index, byteEnd, firstLine, lines }] of segments.entries()) {
          const from = { byteStart: byteEnd, firstLine: firstLine + lines, firstSegment: index + 1 }
          const rest = await segmentsOf(file.subarray(byteEnd), { segmentBytes, ...from }, cuts)
          expect(rest).toEqual(segments.slice(done + 1))
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('a segment is yielded as soon as its last newline has arrived', async () => {
  let chunks = 0
  // Not a stream, because streams read ahead.
  async function* counted(): AsyncGenerator<Buffer> {
    for (;;) {
      chunks += 1
      yield await Promise.resolve(Buffer.from('abc\n'))
    }
  }
  for await (const segment of splitSegments(counted(), { segmentBytes: 12 })) {
    expect(segment).toEqual({ index: 1, byteStart: 0, byteEnd: 12, firstLine: 1, lines: 3 })
    break
  }
  expect(chunks).toBe(3)
})

test('an error of the body is thrown, without a partial segment', async () => {
  function* broken(): Generator<Buffer> {
    yield Buffer.from('abc\nabc')
    throw new Error('socket hang up')
  }
  const segments: Segment[] = []
  const reading = (async () => {
    for await (const segment of splitSegments(bodyOf(broken()), { segmentBytes: 4 })) segments.push(segment)
  })()
  await expect(reading).rejects.toThrow('socket hang up')
  expect(segments.map(({ byteEnd }) => byteEnd)).toEqual([4])
})
