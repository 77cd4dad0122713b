import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { KEPT_BYTES } from '../../../lambda/read/guard.ts'
import { openLines, UnreadableDrop, type Line } from '../../../lambda/read/lines.ts'

const LF = 0x0a

async function linesOf(chunks: readonly Buffer[], maxLineBytes = 1_000_000): Promise<readonly Line[]> {
  const { batches } = await openLines(Readable.from(chunks, { objectMode: false }), { maxLineBytes })
  const lines: Line[] = []
  for await (const batch of batches) lines.push(...batch)
  return lines
}

/** The plainest splitter: the whole drop at once. */
function oracle(drop: Buffer, maxLineBytes: number): readonly Line[] {
  const bom = drop.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  const lines: Line[] = []
  for (let start = bom; start < drop.length; ) {
    const newline = drop.indexOf(LF, start)
    const end = newline === -1 ? drop.length : newline
    const bytes = drop.subarray(start, end)
    const place = { number: lines.length + 1, byteStart: start, byteEnd: end }
    if (bytes.length > maxLineBytes) lines.push({ ...place, text: '', fault: { reason: 'line_too_long', bytes } })
    else {
      try {
        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
        lines.push({ ...place, text: text.endsWith('\r') ? text.slice(0, -1) : text })
      } catch {
        lines.push({ ...place, text: '', fault: { reason: 'invalid_encoding', bytes } })
      }
    }
    start = end + 1
  }
  return lines
}

function plain(lines: readonly Line[]): unknown {
  return lines.map(({ fault, ...line }) => ({ ...line, fault: fault && [fault.reason, fault.bytes.toString('hex')] }))
}

function cut(drop: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((place) => place % (drop.length + 1)).toSorted((a, b) => a - b), drop.length]
  return places.slice(1).map((end, index) => drop.subarray(places[index], end))
}

// Bytes that matter: line ends, BOM, parts of characters, text.
const bytes = fc
  .array(fc.constantFrom('\n', '\r\n', '\r', 'a', '{}', 'é', '名', '🎉', '\u2028', '\0', '\ufeff', Buffer.from([0xff]), Buffer.from([0xe5, 0x90]), 'xxxxxxxx'), {
    maxLength: 60,
  })
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as Buffer))))

describe('under any chunking, limit and content, lines are what a naive splitter of the whole gives', () => {
  test('numbers, places, texts and faults', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat(500)), fc.integer({ min: 1, max: 12 }), async (drop, cuts, maxLineBytes) => {
        expect(plain(await linesOf(cut(drop, cuts), maxLineBytes))).toEqual(plain(oracle(drop, maxLineBytes)))
      }),
      { numRuns: 1_500 },
    )
  })

  test('a newline at the end makes no further line', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (drop) => {
        fc.pre(drop.at(-1) !== LF && oracle(drop, 1_000_000).length > 0)
        expect(plain(await linesOf([Buffer.concat([drop, Buffer.from('\n')])]))).toEqual(plain(await linesOf([drop])))
      }),
    )
  })

  test('packed, in one member or several', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (first, second) => {
        const packed = Buffer.concat([gzipSync(first), gzipSync(second)])
        expect(plain(await linesOf(cut(packed, [5, 17])))).toEqual(plain(oracle(Buffer.concat([first, second]), 1_000_000)))
      }),
      { numRuns: 200 },
    )
  })

  test('each byte a chunk of its own', async () => {
    const drop = Buffer.from('\ufeff{"a":"名"}\r\n\n🎉')
    const chunks = Array.from(drop, (byte) => Buffer.from([byte]))
    expect(plain(await linesOf(chunks))).toEqual(plain(oracle(drop, 1_000_000)))
  })
})

describe('a line of exactly the limit passes, one byte more does not', () => {
  // prettier-ignore
  test.each([
    //  bytes   fault
    [ 99,       undefined ],
    [ 100,      undefined ],
    [ 101,      'line_too_long' ],
  ])('%i bytes', async (length, reason) => {
    for (const end of ['', '\n']) {
      const [line, next] = await linesOf([Buffer.from(`${'x'.repeat(length)}${end}`), Buffer.from(end === '' ? '' : 'next')], 100)
      expect(line?.fault?.reason).toBe(reason)
      expect(next?.text).toBe(end === '' ? undefined : 'next')
    }
  })
})

// Parts of the JSON test suite that its package on npm has replaced: texts that are no UTF-8, as bytes.
// prettier-ignore
const RAW = [
  '5b22e697a5d188fa225d', '5b22eda080225d', '5b22ff225d', '5b22e9225d', '5b2281225d', '5b22f4bfbfbf225d', '5b22c0af225d',
  '5b22fc83bfbfbfbf225d', '5b22fc8080808080225d', '5b22e0ff225d', '5b61e55d', '5bff5d', '5b313233e55d', '5b316531e55d', '5b30e55d',
  '5b3165e55d', '5b225c75e5225d', '5b225ce5225d', 'e5', 'e9', '7b22b9223a2230222c7d',
]

test.each(RAW)('bytes that are no UTF-8 come out as they are: %s', async (hex) => {
  const [before, line, after] = await linesOf([Buffer.concat([Buffer.from('{}\n'), Buffer.from(hex, 'hex'), Buffer.from('\n{}')])])
  expect(line?.fault).toEqual({ reason: 'invalid_encoding', bytes: Buffer.from(hex, 'hex') })
  expect([before?.text, after?.text]).toEqual(['{}', '{}'])
})

describe('a body that ends badly', () => {
  async function* breakAfter(chunks: readonly string[]): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk))
    throw new Error('socket hang up')
  }

  test('lines before the break come out, the open one does not, and the error does', async () => {
    const lines: string[] = []
    const reading = await openLines(Readable.from(breakAfter([`${'a\n'.repeat(3_000)}`, 'open']), { objectMode: false }), { maxLineBytes: 100 })
    await expect(async () => {
      for await (const batch of reading.batches) lines.push(...batch.map(({ text }) => text))
    }).rejects.toThrow('socket hang up')
    expect(new Set(lines)).toEqual(new Set(['a']))
  })

  // prettier-ignore
  test.each([
    //  the gzip data              what is done to it                                                  is said
    [ 'is cut off',                (packed: Buffer) => packed.subarray(0, packed.length - 9),          'its gzip data is cut off' ],
    [ 'has a wrong checksum',      (packed: Buffer) => flip(packed, packed.length - 6),                'its gzip data is damaged' ],
    [ 'is damaged in the middle',  (packed: Buffer) => flip(packed, packed.length >> 1),               'its gzip data is damaged' ],
  ])('%s', async (_what, damage, said) => {
    const text = Array.from({ length: 2_000 }, (_, index) => String(index * 7919)).join('\n')
    const drop = damage(gzipSync(text))
    await expect(linesOf([drop])).rejects.toEqual(expect.objectContaining({ name: 'UnreadableDrop', message: said }))
  })

  test('a bomb is not unpacked to its end', async () => {
    // gzip members of zeros, one after the other: 16 MiB each out of 16 kB.
    const member = gzipSync(Buffer.alloc(16 * 1_048_576))
    const bomb = Readable.from(Array.from({ length: 64 }, () => member), { objectMode: false })
    const { batches } = await openLines(bomb, { maxLineBytes: 1_024 })
    await expect(async () => {
      for await (const _batch of batches);
    }).rejects.toThrow(UnreadableDrop)
  })

  test('whoever leaves early closes the body', async () => {
    const body = Readable.from(Array.from({ length: 1_000 }, () => Buffer.from('a\n'.repeat(1_000))), { objectMode: false })
    const closed = new Promise((resolve) => body.once('close', resolve))
    const { batches } = await openLines(body, { maxLineBytes: 100 })
    for await (const _batch of batches) break
    await closed
    expect(body.destroyed).toBe(true)
  })
})

test('a line of 300 MB costs the limit, and the lines around it are read', async () => {
  function* monster(): Generator<Buffer> {
    yield Buffer.from('before\n')
    const chunk = Buffer.alloc(65_536, 0x78)
    for (let count = 0; count < 4_800; count += 1) yield chunk
    yield Buffer.from('\nafter')
  }
  const before = process.memoryUsage().arrayBuffers
  const { batches } = await openLines(Readable.from(monster(), { objectMode: false }), { maxLineBytes: 262_144 })
  const lines: Line[] = []
  for await (const batch of batches) lines.push(...batch)
  expect(lines.map(({ number, byteStart, byteEnd, text }) => [number, byteStart, byteEnd, text])).toEqual([
    [1, 0, 6, 'before'],
    [2, 7, 7 + 4_800 * 65_536, ''],
    [3, 8 + 4_800 * 65_536, 13 + 4_800 * 65_536, 'after'],
  ])
  expect(lines[1]?.fault?.bytes).toHaveLength(KEPT_BYTES)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1_048_576)
})

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}
