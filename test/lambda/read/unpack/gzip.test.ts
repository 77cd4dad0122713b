import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { openLines, type Line } from '../../../../lambda/read/lines.ts'
import { unpack } from '../../../../lambda/read/unpack/unpack.ts'
import { allOf, bodyOf, cut, linesOf, oracle, plain } from '../oracle.ts'

const ab = gzipSync('a\nb')
const gunzip = (packed: AsyncIterable<Buffer>, maxBytes?: number) => unpack(packed, 'gzip', maxBytes)

async function read(file: Buffer, cuts: readonly number[] = []): Promise<{ lines: Line[]; error: unknown; bytesRead: number }> {
  const reading = await openLines(bodyOf(cut(file, cuts)), { maxLineBytes: 100 })
  const lines: Line[] = []
  try {
    for await (const batch of reading.batches) lines.push(...batch)
    return { lines, error: undefined, bytesRead: reading.bytesRead() }
  } catch (error) {
    return { lines, error, bytesRead: reading.bytesRead() }
  }
}

describe('a file is decompressed if its first bytes are gzip', () => {
  // prettier-ignore
  test.each([
    //  the file                            its bytes                                       its lines
    [ 'text',                               Buffer.from('a\nb'),                            ['a', 'b'] ],
    [ 'gzip',                               ab,                                             ['a', 'b'] ],
    [ 'gzip of nothing',                    gzipSync(''),                                   [] ],
    [ 'gzip of a text with a BOM',          gzipSync('\ufeffa'),                            ['a'] ],
    [ 'a line that spans two members',      Buffer.concat([ab, gzipSync('c\nd')]),          ['a', 'bc', 'd'] ],
    [ 'an empty member between two',        Buffer.concat([ab, gzipSync(''), ab]),          ['a', 'ba', 'b'] ],
    [ 'gzip padded with zeros (tapes)',     Buffer.concat([ab, Buffer.alloc(512)]),         ['a', 'b'] ],
    [ 'gzip with many zeros after it',      Buffer.concat([ab, Buffer.alloc(1_000_000)]),   ['a', 'b'] ],
    [ 'gzip in gzip, decompressed once',    gzipSync(gzipSync(Buffer.from('a'))),           [''] ],
    [ 'only the first byte of gzip',        Buffer.from([0x1f]),                            ['\x1f'] ],
    [ 'text with a gzip byte inside',       Buffer.from([0x61, 0x0a, 0x1f]),                ['a', '\x1f'] ],
  ])('%s', async (_what, file, texts) => {
    for (const cuts of [[], [1], [1, 2, 3, 5, 8, 13, 21]]) {
      const { lines, error, bytesRead } = await read(file, cuts)
      expect(error).toBeUndefined()
      expect(lines.map(({ text }) => text)).toEqual(texts)
      expect(bytesRead).toBe(file.length)
    }
  })
})

describe('gzip data that is cut off or damaged: the error says which, after the complete lines', () => {
  const numbers = Array.from({ length: 20_000 }, (_, index) => String(index * 7919))
  const packed = gzipSync(numbers.join('\n'))
  const packedTwice = [numbers.join('\n'), numbers.join('\n')].join('').split('\n')

  // prettier-ignore
  test.each([
    //  the gzip data                   its bytes                                               the message
    [ 'is only a beginning',            packed.subarray(0, 2),                                  'the gzip data is cut off' ],
    [ 'is cut off inside',              packed.subarray(0, packed.length >> 1),                 'the gzip data is cut off' ],
    [ 'is cut off in its last byte',    packed.subarray(0, -1),                                 'the gzip data is cut off' ],
    [ 'is cut off in a second member',  Buffer.concat([packed, packed.subarray(0, 100)]),       'the gzip data is cut off' ],
    [ 'has a wrong checksum',           flip(packed, packed.length - 6),                        'the gzip data is damaged' ],
    [ 'has a wrong length',             flip(packed, packed.length - 1),                        'the gzip data is damaged' ],
    [ 'has an unknown method',          flip(packed, 2),                                        'the gzip data is damaged' ],
    [ 'is followed by other bytes',     Buffer.concat([packed, Buffer.from('{"a":1}\n')]),      'the gzip data is damaged' ],
  ])('%s', async (_what, file, message) => {
    for (const cuts of [[], Array.from({ length: 100 }, (_, index) => index * 500)]) {
      const { lines, error } = await read(file, cuts)
      expect(error).toMatchObject({ name: 'UnreadableFile', message })
      expect(lines.map(({ text }) => text)).toEqual(packedTwice.slice(0, lines.length)) // whole lines, in order, none of them cut
    }
  })

  // Only the checksum at the end shows that some bytes are wrong.
  test('is damaged in the middle', async () => {
    const { lines, error } = await read(flip(packed, packed.length >> 1))
    expect(error).toMatchObject({ name: 'UnreadableFile', message: 'the gzip data is damaged' })
    expect(lines.slice(0, 8_000).map(({ text }) => text)).toEqual(numbers.slice(0, 8_000))
  })

  test('cut off at any byte: every complete line comes out, then the error', async () => {
    const small = gzipSync(numbers.slice(0, 60).join('\n'))
    for (let length = 2; length < small.length; length += 1) {
      const file = small.subarray(0, length)
      const { lines, error } = await read(file, [length >> 1, length >> 2])
      expect(error).toMatchObject({ name: 'UnreadableFile', message: 'the gzip data is cut off' })
      expect(plain(lines)).toEqual(plain(wholeLinesOf(gunzipSync(file, { finishFlush: constants.Z_SYNC_FLUSH }))))
    }
  })

  test('damaged: always the same lines, for any chunking and any speed of the reader', async () => {
    for (const at of [packed.length >> 1, packed.length - 6]) {
      const file = flip(packed, at)
      const { lines } = await read(file)
      expect(lines.length).toBeGreaterThan(5_000)
      for (const cuts of [[1], [7_000, 21_000], Array.from({ length: 300 }, (_, index) => index * 171)]) {
        const { batches } = await openLines(bodyOf(cut(file, cuts)), { maxLineBytes: 100 })
        let taken = 0
        const takeSlowly = async (): Promise<void> => {
          for await (const batch of batches) {
            taken += batch.length
            for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
          }
        }
        await expect(takeSlowly()).rejects.toThrow('the gzip data is damaged')
        expect(taken).toBe(lines.length)
      }
    }
  })
})

/** Lines with a newline. If the data is cut off, the rest is not a complete line. */
function wholeLinesOf(text: Buffer): readonly Line[] {
  return oracle(text.subarray(0, text.lastIndexOf(0x0a) + 1))
}

describe('a gzip bomb is not decompressed to the end', () => {
  const mebibytes = (count: number): Buffer[] => {
    const member = gzipSync(Buffer.alloc(16 * 1_048_576, '\n'.padStart(1_024, 'x')))
    return Array.from({ length: count / 16 }, () => member)
  }

  test('one that expands more than 250 times ends after 256 MiB', async () => {
    let bytes = 0
    const decompress = async (): Promise<void> => {
      for await (const piece of gunzip(bodyOf(mebibytes(512)))) bytes += piece.length
    }
    await expect(decompress()).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: 'it decompresses to more than 250 times its size',
    })
    expect(bytes).toBeLessThan(300 * 1_048_576)
  })

  test('nor is a file that is too large when decompressed, whatever its ratio', async () => {
    const decompressed = await allOf(gunzip(bodyOf([ab, ab, ab]), 9))
    expect(Buffer.concat(decompressed).toString()).toBe('a\nba\nba\nb')
    const pieces: Buffer[] = []
    const decompress = async (): Promise<void> => {
      for await (const piece of gunzip(bodyOf([ab, ab, ab]), 8)) pieces.push(piece)
    }
    await expect(decompress()).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: /more than .* GB; split it into several files/,
    })
    const before = Buffer.concat(pieces).toString()
    expect(before.length).toBeLessThanOrEqual(8)
    expect('a\nba\nba\nb').toMatch(new RegExp(`^${before}`))
  })

  test('but a small file may expand a thousand times', async () => {
    const lines = await linesOf(mebibytes(16), 10_000)
    expect(lines.length).toBe(16_384)
  })
})

describe('the start of a file is available, decompressed', () => {
  // prettier-ignore
  test.each([
    //  the file            its bytes                                   its start
    [ 'empty',              Buffer.alloc(0),                            '' ],
    [ 'short',              Buffer.from('{}'),                          '{}' ],
    [ 'with a BOM',         Buffer.from('\ufeff{}'),                    '\ufeff{}' ],
    [ 'long',               Buffer.alloc(9_000, 'abc\n'),               'abc\n'.repeat(1_024) ],
    [ 'UTF-16',             Buffer.from('\ufeffa\n', 'utf16le'),         Buffer.from('fffe61000a00', 'hex') ],
    [ 'UTF-16, unmarked',   Buffer.from('a\n', 'utf16le'),               'a\0\n\0' ],
    [ 'NULs',               Buffer.alloc(3),                            '\0\0\0' ],
    [ 'packed',             gzipSync('\ufeff{}'),                       '\ufeff{}' ],
    [ 'packed and long',    gzipSync('abc\n'.repeat(9_000)),            'abc\n'.repeat(1_024) ],
  ])('%s', async (_what, file, start) => {
    for (const cuts of [[], [1, 2, 3, 5, 20, 4_095]]) {
      const body = bodyOf(cut(file, cuts))
      expect(Buffer.from((await openLines(body, { maxLineBytes: 100 })).start)).toEqual(Buffer.from(start))
      body.destroy()
    }
  })
})

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}
