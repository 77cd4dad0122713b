import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openLines } from '../../../lambda/read/lines.ts'
import { allOf, bodyOf, cut, linesOf, oracle, plain } from './oracle.ts'

describe('the lines of a file, with the position of each', () => {
  // prettier-ignore
  test.each([
    //  the file                    its lines: text, first byte, end
    [ '',                           [] ],
    [ 'a',                          [['a', 0, 1]] ],
    [ 'a\n',                        [['a', 0, 1]] ],
    [ 'a\nb',                       [['a', 0, 1], ['b', 2, 3]] ],
    [ 'a\r\nb\r\n',                 [['a', 0, 2], ['b', 3, 5]] ],
    [ 'a\r',                        [['a', 0, 2]] ],
    [ 'a\rb\n',                     [['a\rb', 0, 3]] ],
    [ 'a\r\r\n',                    [['a\r', 0, 3]] ],
    [ '\n',                         [['', 0, 0]] ],
    [ '\n\r\n\n',                   [['', 0, 0], ['', 1, 2], ['', 3, 3]] ],
    [ ' \n\t\n',                    [[' ', 0, 1], ['\t', 2, 3]] ],
    [ '\ufeffa\nb',                 [['a', 3, 4], ['b', 5, 6]] ],
    [ '\ufeff',                     [] ],
    [ '\ufeff\ufeffa\n\ufeffb',     [['\ufeffa', 3, 7], ['\ufeffb', 8, 12]] ],
    [ 'a\u2028b\u2029c\u0085d\ve',  [['a\u2028b\u2029c\u0085d\ve', 0, 14]] ],
    [ 'a\0b\n',                     [['a\0b', 0, 3]] ],
    [ '名\n🎉',                       [['名', 0, 3], ['🎉', 4, 8]] ],
  ] as const)('%j', async (file, expected) => {
    const lines = await linesOf([Buffer.from(file)])
    expect(lines.map(({ text, byteStart, byteEnd }) => [text, byteStart, byteEnd])).toEqual(expected)
    expect(lines.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1))
  })
})

// Bytes that matter: line ends, byte order mark, parts of characters, text.
const bytes = fc
  .array(
    fc.constantFrom(
      '\n',
      '\r\n',
      '\r',
      'a',
      '{}',
      'é',
      '名',
      '🎉',
      '\u2028',
      '\0',
      '\ufeff',
      Buffer.from([0xff]),
      Buffer.from([0xe5, 0x90]),
      'xxxxxxxx',
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as Buffer))))

describe('for any chunking, limit and content, the lines are those of a naive splitter', () => {
  test('numbers, positions, texts and faults', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat(500)), fc.integer({ min: 1, max: 12 }), async (file, cuts, maxLineBytes) => {
        expect(plain(await linesOf(cut(file, cuts), maxLineBytes))).toEqual(plain(oracle(file, maxLineBytes)))
      }),
      { numRuns: 1_500 },
    )
  })

  test('a newline at the end does not add a line', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (file) => {
        fc.pre(file.at(-1) !== 0x0a && oracle(file).length > 0)
        const ended = await linesOf([Buffer.concat([file, Buffer.from('\n')])])
        expect(plain(ended)).toEqual(plain(await linesOf([file])))
      }),
    )
  })

  test('gzip with several members', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (first, second) => {
        const packed = Buffer.concat([gzipSync(first), gzipSync(second)])
        expect(plain(await linesOf(cut(packed, [5, 17])))).toEqual(plain(oracle(Buffer.concat([first, second]))))
      }),
      { numRuns: 200 },
    )
  })

  test('each byte in its own chunk', async () => {
    const file = Buffer.from('\ufeff{"a":"名"}\r\n\n🎉')
    const chunks = Array.from(file, (byte) => Buffer.from([byte]))
    expect(plain(await linesOf(chunks))).toEqual(plain(oracle(file)))
  })

  // A block holds 1,000 lines. Its borders need longer files than the properties above generate.
  test('across the borders of blocks', async () => {
    const run = fc.tuple(
      fc.constantFrom('\n', 'a\n', 'é\r\n', 'too long\n', '\xff\n'),
      fc.constantFrom(1, 998, 999, 1_000, 1_001, 2_000),
    )
    const files = fc
      .array(run, { maxLength: 4 })
      .map((runs) => Buffer.concat(runs.map(([line, times]) => Buffer.from(line.repeat(times), 'latin1'))))
    await fc.assert(
      fc.asyncProperty(files, fc.array(fc.nat(20_000), { maxLength: 3 }), async (file, cuts) => {
        // As texts, because toEqual would take seconds for so many lines.
        expect(JSON.stringify(plain(await linesOf(cut(file, cuts), 5)))).toBe(JSON.stringify(plain(oracle(file, 5))))
      }),
      { numRuns: 60 },
    )
  })
})

describe('a line of exactly the maximum length passes, one byte more does not', () => {
  // prettier-ignore
  test.each([
    //  bytes   fault
    [ 99,       undefined ],
    [ 100,      undefined ],
    [ 101,      'line_too_long' ],
  ])('%i bytes', async (length, reason) => {
    for (const end of ['', '\n', '\nnext']) {
      const file = Buffer.from(`${'x'.repeat(length)}${end}`)
      for (let at = 0; at <= file.length; at += 1) {
        const [line, next] = await linesOf(cut(file, [at]), 100)
        expect(line?.fault?.reason).toBe(reason)
        expect(line?.byteEnd).toBe(length)
        expect(next?.text).toBe(end === '\nnext' ? 'next' : undefined)
      }
    }
  })
})

test('a line of exactly the maximum length is complete even if its newline arrives later', async () => {
  const file = Buffer.from(`${'x'.repeat(262_144)}\nnext`)
  expect(plain(await linesOf(cut(file, [262_144]), 262_144))).toEqual(plain(oracle(file, 262_144)))
})

describe('the first 204,800 bytes of a line that is too long are kept', () => {
  const long = Buffer.alloc(300_000, 'long, ')
  const file = Buffer.concat([long, Buffer.from('\n'), long, Buffer.from('\nnext')])

  // prettier-ignore
  test.each([
    //  it arrives                          cut at              maximum length
    [ 'in one chunk',                         [],                 1_024 ],
    [ 'in one chunk, higher maximum',         [],                 262_144 ],
    [ 'cut before the maximum',               [1_000],            1_024 ],
    [ 'cut at the maximum',                   [1_024],            1_024 ],
    [ 'cut where the kept part ends',         [204_800],          1_024 ],
    [ 'cut between the two',                  [204_801, 262_144], 262_144 ],
    [ 'cut after both',                       [262_145, 299_999], 262_144 ],
    [ 'both lines cut repeatedly',            [1_000, 250_000, 302_000, 400_000, 500_000], 1_024 ],
    [ 'cut into many chunks',                 Array.from({ length: 600 }, (_, index) => index * 1_000), 262_144 ],
  ])('%s', async (_how, cuts, maxLineBytes) => {
    expect(plain(await linesOf(cut(file, cuts), maxLineBytes))).toEqual(plain(oracle(file, maxLineBytes)))
  })
})

// Bytes that are not UTF-8: the texts of the JSON test suite that its npm package replaces, and partial byte order marks.
// prettier-ignore
const RAW = [
  'fffe5b002200e90022005d00', '005b002200e90022005d', '5b002200e90022005d00', 'efbb7b7d', 'efbb', 'ef',
  '5b22e697a5d188fa225d', '5b22eda080225d', '5b22ff225d', '5b22e9225d', '5b2281225d', '5b22f4bfbfbf225d', '5b22c0af225d',
  '5b22fc83bfbfbfbf225d', '5b22fc8080808080225d', '5b22e0ff225d', '5b61e55d', '5bff5d', '5b313233e55d', '5b316531e55d', '5b30e55d',
  '5b3165e55d', '5b225c75e5225d', '5b225ce5225d', 'e5', 'e9', '7b22b9223a2230222c7d',
]

test.each(RAW)('bytes that are not UTF-8 are reported unchanged: %s', async (hex) => {
  const raw = Buffer.from(hex, 'hex')
  const [before, line, after] = await linesOf([Buffer.concat([Buffer.from('{}\n'), raw, Buffer.from('\n{}')])])
  expect(line?.fault).toEqual({ reason: 'invalid_encoding', bytes: raw })
  expect([before?.text, after?.text]).toEqual(['{}', '{}'])

  expect(plain(await linesOf([raw]))).toEqual([
    { number: 1, byteStart: 0, byteEnd: raw.length, text: '', fault: ['invalid_encoding', hex] },
  ])
})

test('lines come in batches: one per chunk, with at most 1,000 lines', async () => {
  const chunks = ['a\n'.repeat(600), 'b\n'.repeat(2_500), 'c\nd', 'd', 'd\n'].map((text) => Buffer.from(text))
  const { batches } = await openLines(bodyOf(chunks), { maxLineBytes: 100 })
  expect((await allOf(batches)).map(({ length }) => length)).toEqual([600, 1_000, 1_000, 500, 1, 1])
})

describe('after the start of a file, bytes are lines whatever they look like', () => {
  // prettier-ignore
  test.each([
    //  a segment that starts with          its bytes
    [ 'a byte order mark',                  Buffer.from('\ufeffa\nb\n') ],
    [ 'half a byte order mark',             Buffer.from('efbb', 'hex') ],
    [ 'what looks like gzip',               gzipSync('a\nb') ],
    [ 'what looks like UTF-16',             Buffer.from('\ufeffa\nb\n', 'utf16le') ],
    [ 'a newline',                          Buffer.from('\n\na') ],
    [ 'nothing',                            Buffer.alloc(0) ],
  ])('%s', async (_what, segment) => {
    const before = Buffer.from('first\nsecond\n')
    const whole = oracle(Buffer.concat([before, segment])).slice(2)
    for (const cuts of [[], [1], [1, 2, 3]]) {
      const from = { byteStart: before.length, firstLine: 3 }
      const reading = await openLines(bodyOf(cut(segment, cuts)), { maxLineBytes: 1_000_000, ...from })
      expect(plain((await allOf(reading.batches)).flat())).toEqual(plain(whole))
      expect(reading.bytesRead()).toBe(segment.length)
    }
  })
})
