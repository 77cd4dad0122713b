import { readFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants, crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Packing } from '../../../../lambda/common/packing.ts'
import { openLines, packingOf } from '../../../../lambda/read/lines.ts'
import { unpack } from '../../../../lambda/read/unpack/unpack.ts'
import { allOf, bodyOf, cut } from '../oracle.ts'

type Unpacked = { readonly text: string; readonly error: unknown }

async function unpacked(chunks: readonly Buffer[], packing: Packing, maxBytes?: number): Promise<Unpacked> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of unpack(bodyOf(chunks), packing, maxBytes)) pieces.push(piece)
    return { text: Buffer.concat(pieces).toString(), error: undefined }
  } catch (error) {
    return { text: Buffer.concat(pieces).toString(), error }
  }
}

/** An archive with one file. */
function zipOf(content: Buffer, { packed = deflateRawSync(content), method = 8 } = {}): Buffer {
  const name = Buffer.from('a.jsonl')
  const sums = Buffer.alloc(16)
  sums.writeUInt32LE(crc32(content), 0)
  sums.writeUInt32LE(packed.length, 4)
  sums.writeUInt32LE(content.length, 8)
  sums.writeUInt16LE(name.length, 12)
  const start = Buffer.from([20, 0, 0, 0, method, 0, 0, 0, 0, 0])
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), start, sums, name, packed])
  const listed = Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), start, sums, Buffer.alloc(14), name])
  const end = Buffer.from('PK\x05\x06\0\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0', 'latin1')
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, listed, end])
}

const PACKERS: Readonly<Record<Packing, (content: Buffer) => Buffer>> = {
  gzip: (content) => gzipSync(content),
  zip: (content) => zipOf(content),
  zstd: (content) => zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  brotli: (content) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
}
const PACKINGS = Object.keys(PACKERS) as readonly Packing[]

const NUMBERS = Array.from({ length: 20_000 }, (_, index) => String(index * 7919)).join('\n')

describe.each(PACKINGS)('%s', (packing) => {
  const pack = PACKERS[packing]

  test('what was compressed comes out, whatever it is and however it arrives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300)), async (content, cuts) => {
        const { text, error } = await unpacked(
          cut(
            pack(Buffer.from(content)),
            cuts.toSorted((a, b) => a - b),
          ),
          packing,
        )
        expect(error).toBeUndefined()
        expect(text).toBe(Buffer.from(content).toString())
      }),
      { numRuns: 40 },
    )
  })

  test('cut off at any byte: what comes out is the start of the file, and the error says it', async () => {
    const small = Buffer.from(NUMBERS.slice(0, 300))
    const file = pack(small)
    const end = packing === 'zip' ? file.indexOf('PK\x01\x02') + 4 : file.length
    for (let length = 1; length < end; length += 1) {
      const { text, error } = await unpacked([file.subarray(0, length)], packing)
      expect(error).toMatchObject({ name: 'UnreadableFile', message: `the ${packing} data is cut off` })
      expect(small.toString().startsWith(text)).toBe(true)
    }
  })

  test('cut off in the middle of a large file: most of what was there comes out', async () => {
    const large = Array.from({ length: 80_000 }, (_, index) => String(index * 7919)).join('\n')
    const file = pack(Buffer.from(large))
    const { text } = await unpacked([file.subarray(0, file.length >> 1)], packing)
    expect(large.startsWith(text)).toBe(true)
    expect(text.length).toBeGreaterThan(large.length / 8) // zstd returns whole blocks of 128 KiB
  })

  test('damaged: whatever comes out before the error is the same in each run', async () => {
    const file = pack(Buffer.from(NUMBERS))
    for (const at of [file.length >> 1, file.length >> 2]) {
      const damaged = Buffer.from(file)
      damaged.fill(0xff, at, at + 40)
      const first = await unpacked([damaged], packing)
      expect(first.error).toMatchObject({ name: 'UnreadableFile', message: `the ${packing} data is damaged` })
      for (const cuts of [[1], [7_000, 21_000], Array.from({ length: 300 }, (_, index) => index * 171)]) {
        const { text, error } = await unpacked(cut(damaged, cuts), packing)
        expect(text).toBe(first.text)
        expect(error).toEqual(first.error)
      }
    }
  })

  test('a file that is too large when decompressed ends before that', async () => {
    const { text, error } = await unpacked([pack(Buffer.from(NUMBERS))], packing, 100_000)
    expect(error).toMatchObject({ message: expect.stringMatching(/more than .* GB; split it into several files/) as unknown })
    expect(text.length).toBeLessThanOrEqual(100_000)
  })

  test('many copies of the shortest line that can be sent are read, however well they are compressed', async () => {
    const line = '{"_p":"a","_t":1393344604,"p":"b"}\n'
    let bytes = 0
    for await (const piece of unpack(bodyOf([pack(Buffer.from(line.repeat(300_000)))]), packing)) bytes += piece.length
    expect(bytes).toBe(300_000 * line.length)
  })
})

describe('a bomb is not decompressed to its end', () => {
  test.each(PACKINGS)('%s of blank lines', async (packing) => {
    const file = PACKERS[packing](Buffer.alloc(8_000_000, '\n'))
    const { text, error } = await unpacked([file], packing)
    expect(error).toMatchObject({ message: 'it has more than 64 lines for each compressed byte' })
    expect(text.length).toBeLessThan(600_000)
  })

  // What a brotli file of a few hundred bytes can be: one block of 16 MB after another.
  test('brotli that expands a million times, in one slice, ends after 256 MiB', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(260 * 1_048_576, 'x'.repeat(1_023) + '\n'), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 24 },
    })
    let bytes = 0
    const decompress = async (): Promise<void> => {
      for await (const piece of unpack(bodyOf([bomb]), 'brotli')) {
        expect(piece.length).toBeLessThanOrEqual(65_536)
        bytes += piece.length
      }
    }
    await expect(decompress()).rejects.toMatchObject({ message: 'it decompresses to more than 250 times its size' })
    expect(bytes).toBeLessThan(257 * 1_048_576)
  })
})

describe('the content decides what a file is', () => {
  const lines = Buffer.from('{"_p":"bob","_t":1393344604,"_n":"Visited"}\n')
  const { gzip, zip, zstd, brotli } = PACKERS
  const utf8 = Buffer.from(`{"_p":"${'é'.repeat(3_000)}"}`)

  // prettier-ignore
  test.each<[string, string, Buffer, Packing | undefined]>([
    //  the file                            its name        its content             it is read as
    [ 'text called gzip',                   'a.json.gz',    lines,                  undefined ],
    [ 'text called zip',                    'a.zip',        lines,                  undefined ],
    [ 'text called brotli',                 'a.jsonl.br',   lines,                  undefined ],
    [ 'text, cut inside a character',       'a.br',         utf8.subarray(0, 2_102), undefined ],
    [ 'long text called brotli',            'a.br',         utf8,                   undefined ],
    [ 'nothing',                            'a.br',         Buffer.alloc(0),        undefined ],
    [ 'gzip called brotli',                 'a.br',         gzip(lines),            'gzip' ],
    [ 'zip called brotli',                  'a.br',         zip(lines),             'zip' ],
    [ 'zstd called brotli',                 'a.br',         zstd(lines),            'zstd' ],
    [ 'gzip called zip',                    'a.zip',        gzip(lines),            'gzip' ],
    [ 'zip called json',                    'a.json',       zip(lines),             'zip' ],
    [ 'zstd without a suffix',              'a',            zstd(lines),            'zstd' ],
    [ 'zstd with an index first',           'a',            Buffer.concat([Buffer.from('5c2a4d1800000000', 'hex'), zstd(lines)]), 'zstd' ],
    [ 'brotli',                             'a.jsonl.br',   brotli(lines),          'brotli' ],
    [ 'brotli, in capitals',                'A.BR',         brotli(lines),          'brotli' ],
    [ 'brotli of nothing',                  'a.br',         brotli(Buffer.alloc(0)), 'brotli' ],
    [ 'brotli of a large file',             'a.br',         brotli(Buffer.from(NUMBERS)), 'brotli' ],
    [ 'brotli that expands far',            'a.br',         brotli(Buffer.alloc(9_000_000)), 'brotli' ],
    [ 'brotli, damaged in its first bytes', 'a.br',         Buffer.concat([Buffer.from([0xff, 0xfe, 0xff]), brotli(lines)]), 'brotli' ],
    [ 'brotli, not called so',              'a.jsonl',      brotli(lines),          undefined ],
    [ 'a workbook',                         'a.zip',        Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(26), Buffer.from('xl/workbook.xml')]), undefined ],
  ])('%s (%s)', (_what, name, content, packing) => {
    expect(packingOf(content, name)).toBe(packing)
  })

  test('brotli is read by its name', async () => {
    const body = bodyOf(cut(brotli(lines), [3]))
    const { batches } = await openLines(body, { maxLineBytes: 100, name: 'incoming/a.jsonl.br' })
    expect((await allOf(batches)).flat()).toMatchObject([{ number: 1, byteStart: 0, byteEnd: lines.length - 1 }])
  })
})

describe('what follows the compressed data', () => {
  const a = Buffer.from('a\n')
  const skipped = Buffer.from('502a4d1804000000aabbccdd', 'hex')
  const { zstd, brotli, zip } = PACKERS

  // prettier-ignore
  test.each<[string, Packing, readonly Buffer[], string, string | undefined]>([
    //  what                                it is       its parts                               what comes out  the error
    [ 'a second zstd frame',                'zstd',     [zstd(a), zstd(a)],                     'a\na\n',       undefined ],
    [ 'skippable zstd frames',              'zstd',     [skipped, zstd(a), skipped, zstd(a), skipped], 'a\na\n', undefined ],
    [ 'zstd frames without content',        'zstd',     Array.from({ length: 500 }, () => zstd(Buffer.alloc(0))), '', undefined ],
    [ 'a zstd frame that is cut off',       'zstd',     [zstd(a), zstd(a).subarray(0, 3)],      'a\n',          'the zstd data is cut off' ],
    [ 'text after zstd',                    'zstd',     [zstd(a), Buffer.from('{"a":1}')],      'a\n',          'the zstd data is damaged' ],
    [ 'a second brotli file',               'brotli',   [brotli(a), brotli(a)],                 'a\n',          'the brotli data is damaged: more bytes follow after its end' ],
    [ 'text after a zip archive',           'zip',      [zip(a), Buffer.from('text')],          'a\n',          undefined ],
    [ 'a second zip archive',               'zip',      [zip(a), zip(a)],                       'a\n',          undefined ],
  ])('%s', async (_what, packing, parts, text, message) => {
    for (const chunks of [parts, [Buffer.concat(parts)], cut(Buffer.concat(parts), [1, 9, 20])]) {
      const result = await unpacked(chunks, packing)
      expect(result.text).toBe(text)
      expect((result.error as Error | undefined)?.message).toBe(message)
    }
  })
})

describe('a zip archive is compared with its own headers', () => {
  const intact = readFileSync(path.join(import.meta.dirname, 'made-by-tools', 'stored.zip'))

  // prettier-ignore
  test.each([
    //  what is wrong           where       what comes out before the error
    [ 'its checksum',           14,         true ],
    [ 'its packed size',        18,         false ],
    [ 'its size',               22,         true ],
    [ 'a byte of its content',  80,         false ],
  ])('%s', async (_what, at, isWhole) => {
    const file = Buffer.from(intact)
    file[at] = (file[at] ?? 0) ^ 1
    const { text, error } = await unpacked([file], 'zip')
    expect(error).toMatchObject({ message: 'the zip data is damaged' })
    if (isWhole) expect(text).toBe((await unpacked([intact], 'zip')).text)
  })

  test('data without a length ends where its descriptor is, and not at one that a line contains', async () => {
    const pipe = readFileSync(path.join(import.meta.dirname, 'made-by-tools', 'python-stored-pipe.zip'))
    const start = pipe.indexOf('{')
    const end = pipe.indexOf('PK\x07\x08')
    const content = Buffer.concat([Buffer.from('PK\x07\x08twelve bytesPK PK PK\x07\x08PK\x07\x08'), pipe.subarray(start, end)])
    const descriptor = Buffer.from(pipe.subarray(end, end + 16))
    descriptor.writeUInt32LE(crc32(content), 4)
    descriptor.writeUInt32LE(content.length, 8)
    descriptor.writeUInt32LE(content.length, 12)
    const file = Buffer.concat([pipe.subarray(0, start), content, descriptor, pipe.subarray(end + 16)])
    for (const cuts of [[], Array.from({ length: 300 }, (_, index) => index)])
      expect(await unpacked(cut(file, cuts), 'zip')).toEqual({ text: content.toString(), error: undefined })
  })
})
