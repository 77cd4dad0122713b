import { gzipSync } from 'node:zlib'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { noFaults } from '../../../emulators/s3/faults.ts'
import { s3SourceFiles } from '../../../lambda/adapters/s3.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { openLines, type Line } from '../../../lambda/read/lines.ts'
import { resuming } from '../../../lambda/read/resume.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { clientFor, LocalBuckets } from './local-bucket.ts'
import { oracle, plain } from './oracle.ts'
import { StubServer } from './stub-server.ts'
import type { ByteRange, SourceFiles } from '../../../lambda/ports.ts'

// The importer's own reader over HTTP, with the real SDK: what it takes for errors, and what for the end of a body, is part of the matter.

let buckets: LocalBuckets
beforeAll(async () => {
  buckets = await LocalBuckets.start()
})
afterAll(() => buckets[Symbol.asyncDispose]())
beforeEach(() => {
  Object.assign(buckets.faults, noFaults())
})

/** Where each GET began. */
let starts: number[] = []
function noted(files: SourceFiles): SourceFiles {
  starts = []
  return {
    open(file, range) {
      starts.push(range?.start ?? 0)
      return files.open(file, range)
    },
  }
}

interface How {
  readonly range?: ByteRange
  readonly firstLine?: number
  readonly clock?: Clock
  readonly s3?: S3Client
}

async function linesOf(file: SourceFile, { range, firstLine = 1, clock = new VirtualClock(), s3 = buckets.s3 }: How = {}) {
  const opened = await resuming(noted(s3SourceFiles(s3)), clock).open(file, range)
  if (opened.kind !== 'open') throw new Error(`not open, but ${opened.kind}`)
  const { batches } = await openLines(opened.body, { maxLineBytes: 1_000_000, byteStart: range?.start ?? 0, firstLine })
  const lines: Line[] = []
  try {
    for await (const batch of batches) lines.push(...batch)
    return { lines: plain(lines), error: undefined }
  } catch (error) {
    return { lines: plain(lines), error }
  }
}

type Clock = Pick<VirtualClock, 'sleep' | 'chance'>

/** Waits for nothing, but does something first. */
function clockThat(act: () => Promise<unknown>): Clock {
  return { chance: () => 0, sleep: () => act().then(() => undefined) }
}

const record = (index: number): string =>
  JSON.stringify({ _p: `p${index}@example.com`, _n: 'Viewed "名🎉"', _t: 1_393_344_604 + index })
const text = Buffer.from(Array.from({ length: 40 }, (_, index) => `${record(index)}\r\n`).join(''))
/** Numbers that do not repeat, so that 2 KB of it stay 2 KB. */
const packedText = Buffer.from(
  Array.from({ length: 260 }, (_, index) => String((index * 0x9e3779b1) >>> 0).padStart(10, '7')).join('\n'),
)

describe('a connection that breaks at any byte', () => {
  test('of 2,048: the lines are those of the whole object', async () => {
    expect(text.length).toBeGreaterThan(2_048)
    const file = await buckets.put(text)
    const whole = plain(oracle(text))
    for (let at = 0; at < 2_048; at += 1) {
      buckets.faults.cutBodyAt = at
      expect(await linesOf(file)).toEqual({ lines: whole, error: undefined })
      // Before the first byte there is no answer yet, and the SDK itself asks again.
      expect(starts).toEqual(at === 0 ? [0] : [0, at])
    }
  }, 120_000)

  test('of a packed object', async () => {
    const packed = gzipSync(packedText)
    const file = await buckets.put(packed)
    const whole = plain(oracle(packedText))
    for (let at = 1; at < packed.length; at += 1) {
      buckets.faults.cutBodyAt = at
      expect(await linesOf(file)).toEqual({ lines: whole, error: undefined })
      expect(starts).toEqual([0, at])
    }
  }, 120_000)

  test('and again and again: what was cut off is asked for from there on, in any segment', async () => {
    const file = await buckets.put(text)
    const lines = oracle(text)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 800 }), { maxLength: 12 }),
        fc.nat(lines.length - 1),
        async (cuts, skipped) => {
          const start = lines[skipped]?.byteStart ?? 0
          buckets.faults.cutBodiesAt = cuts
          const whole = plain(lines.slice(skipped))
          expect(await linesOf(file, { range: { start }, firstLine: skipped + 1 })).toEqual({ lines: whole, error: undefined })
          const reached = cuts.map((_, index) => cuts.slice(0, index + 1).reduce((sum, bytes) => sum + bytes, start))
          expect(starts).toEqual([start, ...reached.filter((at) => at < text.length)])
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('other ways to go wrong', () => {
  test('a body that stalls is left, and gone on with', async () => {
    const file = await buckets.put(text)
    buckets.faults.stallBodyAt = 100
    expect(await linesOf(file)).toEqual({ lines: plain(oracle(text)), error: undefined })
    expect(starts).toEqual([0, 100])
  })

  test('S3 is busy for longer than the SDK has patience, at first and later', async () => {
    const file = await buckets.put(text)
    buckets.faults.slowDown = 4
    expect(await linesOf(file)).toEqual({ lines: plain(oracle(text)), error: undefined })
    expect(starts).toEqual([0, 0])

    buckets.faults.cutBodyAt = 100
    let pauses = 0
    const clock = clockThat(() => {
      if ((pauses += 1) === 1) buckets.faults.slowDown = 4
      return Promise.resolve()
    })
    expect(await linesOf(file, { clock })).toEqual({ lines: plain(oracle(text)), error: undefined })
    expect(starts).toEqual([0, 100, 100])
  })

  test('no answer at all, five times in a row', async () => {
    const file = await buckets.put(text)
    const everyTryOfTheSdk = Array.from({ length: 15 }, () => 0)
    buckets.faults.cutBodiesAt = [100, ...everyTryOfTheSdk]
    const { lines, error } = await linesOf(file)
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNRESET') })
    expect(lines).toEqual(plain(oracle(text.subarray(0, text.lastIndexOf('\n', 99) + 1))))
    expect(starts).toEqual([0, 100, 100, 100, 100, 100])
    expect(buckets.faults.cutBodiesAt).toEqual([])
  })

  // Node takes the end of a connection for the end of a body that did not say how long it is.
  test.each(['the connection ends', 'the body ends'])('less comes than the range holds, without a length: %s', async (how) => {
    await using server = await StubServer.start(({ headers }, response) => {
      const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1])
      response.writeHead(206, {
        etag: '"e"',
        'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
        'content-range': `bytes ${start}-${text.length - 1}/${text.length}`,
        ...(how === 'the connection ends' && { connection: 'close', 'transfer-encoding': 'identity' }),
      })
      response.end(text.subarray(start, start + 999))
    })
    const s3 = clientFor(server.url)
    const first = 1 + text.indexOf('\n')
    const file = { bucket: 'b', key: 'k' }
    const read = await linesOf(file, { range: { start: first }, firstLine: 2, s3 })
    expect(read).toEqual({ lines: plain(oracle(text).slice(1)), error: undefined })
    expect(starts).toEqual([first, first + 999, first + 1_998])
    s3.destroy()
  })
})

describe('an object that is taken away while it is read', () => {
  const before = plain(oracle(text.subarray(0, text.lastIndexOf('\n', 999) + 1)))
  const whole = plain(oracle(text))
  const replace = ({ versionId }: SourceFile) => buckets.put('newer\n'.repeat(1_000), { isVersioned: versionId !== undefined })
  const remove = (file: SourceFile) => buckets.remove(file)
  const hide = ({ versionId: _versionId, ...latest }: SourceFile) => buckets.remove(latest)

  // prettier-ignore
  test.each<[string, boolean, (file: SourceFile) => Promise<unknown>, unknown]>([
    //  it is               where versions are kept     by          its lines
    [ 'replaced',           false,                      replace,    { lines: before, error: { name: 'VanishedFile', state: 'superseded' } } ],
    [ 'deleted',            false,                      remove,     { lines: before, error: { name: 'VanishedFile', state: 'gone' } } ],
    [ 'replaced',           true,                       replace,    { lines: whole, error: undefined } ],
    [ 'hidden',             true,                       hide,       { lines: whole, error: undefined } ],
    [ 'deleted for good',   true,                       remove,     { lines: before, error: { name: 'VanishedFile', state: 'gone' } } ],
  ])('%s; versions are kept: %j', async (_what, isVersioned, act, expected) => {
    const file = await buckets.put(text, { isVersioned })
    buckets.faults.cutBodyAt = 1_000
    expect(await linesOf(file, { clock: clockThat(() => act(file)) })).toMatchObject(expected as object)
  })

  test('also where the message did not say which object it meant', async () => {
    const { bucket, key } = await buckets.put(text)
    buckets.faults.cutBodyAt = 1_000
    expect(await linesOf({ bucket, key }, { clock: clockThat(() => buckets.put('newer')) })).toMatchObject({
      lines: before,
      error: { name: 'VanishedFile', state: 'superseded' },
    })
  })
})
