import { gzipSync } from 'node:zlib'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { noFaults } from '../../../emulators/s3/faults.ts'
import { s3SourceFiles } from '../../../lambda/adapters/s3-objects.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import type { ByteRange, SourceFiles } from '../../../lambda/ports.ts'
import { openLines, type Line } from '../../../lambda/read/lines.ts'
import { resuming } from '../../../lambda/read/resume.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { clientFor, LocalBuckets } from './local-bucket.ts'
import { oracle, plain } from './oracle.ts'
import { StubServer } from './stub-server.ts'

// The importer's reader over HTTP with the real SDK, because the SDK decides what is an error and what is the end of a body.
// resume.test.ts covers the same decisions without HTTP, with many more cases.

let buckets: LocalBuckets
beforeAll(async () => {
  buckets = await LocalBuckets.start()
})
afterAll(() => buckets[Symbol.asyncDispose]())
beforeEach(() => {
  Object.assign(buckets.faults, noFaults())
})

/** The first byte of each request that `resuming` made. Retries inside the SDK do not count. */
let starts: number[] = []
function recordStarts(files: SourceFiles): SourceFiles {
  starts = []
  return {
    open(file, range) {
      starts.push(range?.start ?? 0)
      return files.open(file, range)
    },
  }
}

type Sleeper = Pick<VirtualClock, 'sleep' | 'chance'>

interface ReadOptions {
  readonly range?: ByteRange
  readonly firstLine?: number
  readonly clock?: Sleeper
  readonly s3?: S3Client
}

async function linesOf(
  file: SourceFile,
  { range, firstLine = 1, clock = new VirtualClock(), s3 = buckets.s3 }: ReadOptions = {},
) {
  const opened = await resuming(recordStarts(s3SourceFiles(s3)), clock).open(file, range)
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

/** A clock whose pauses take no time, but do something. */
function clockThat(act: () => Promise<unknown>): Sleeper {
  return { chance: () => 0, sleep: () => act().then(() => undefined) }
}

const record = (index: number): string =>
  JSON.stringify({ _p: `p${index}@example.com`, _n: 'Viewed "名🎉"', _t: 1_393_344_604 + index })
const text = Buffer.from(Array.from({ length: 40 }, (_, index) => `${record(index)}\r\n`).join(''))

describe('if the connection breaks, reading continues with the next byte', () => {
  // Two and a half lines: line ends, characters of two, three and four bytes.
  test('after any byte of a file', async () => {
    const short = text.subarray(0, 200)
    const file = await buckets.put(short)
    const all = plain(oracle(short))
    for (let at = 0; at < short.length; at += 1) {
      buckets.faults.cutBodyAt = at
      expect(await linesOf(file)).toEqual({ lines: all, error: undefined })
      // Before the first byte no response has arrived yet, so the SDK repeats the request itself.
      expect(starts).toEqual(at === 0 ? [0] : [0, at])
    }
  })

  test('after any byte of a gzip file: header, data and checksum', async () => {
    const packed = gzipSync(text.subarray(0, 150))
    const file = await buckets.put(packed)
    const all = plain(oracle(text.subarray(0, 150)))
    for (let at = 1; at < packed.length; at += 1) {
      buckets.faults.cutBodyAt = at
      expect(await linesOf(file)).toEqual({ lines: all, error: undefined })
      expect(starts).toEqual([0, at])
    }
  })

  test('after each of the first bytes of one file, one connection per byte', async () => {
    const file = await buckets.put(text)
    buckets.faults.cutBodiesAt = Array.from({ length: 200 }, () => 1)
    expect(await linesOf(file)).toEqual({ lines: plain(oracle(text)), error: undefined })
    expect(starts).toEqual(Array.from({ length: 201 }, (_, at) => at))
  })

  test('any number of times, in any segment', async () => {
    const file = await buckets.put(text)
    const lines = oracle(text)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 800 }), { maxLength: 12 }),
        fc.nat(lines.length - 1),
        async (cuts, skipped) => {
          const start = lines[skipped]?.byteStart ?? 0
          buckets.faults.cutBodiesAt = cuts
          const rest = plain(lines.slice(skipped))
          expect(await linesOf(file, { range: { start }, firstLine: skipped + 1 })).toEqual({ lines: rest, error: undefined })
          const reached = cuts.map((_, index) => cuts.slice(0, index + 1).reduce((sum, bytes) => sum + bytes, start))
          expect(starts).toEqual([start, ...reached.filter((at) => at < text.length)])
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('other failures', () => {
  const FACTS = { etag: '"e"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }
  const startOf = (range: string | undefined): number => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
  const contentRange = (start: number): string => `bytes ${start}-${text.length - 1}/${text.length}`

  test('if a body stalls, the socket timeout ends it, and reading continues with the next byte', async () => {
    // The first byte range always stalls, so it does not matter if a slow computer makes the SDK repeat the request.
    await using server = await StubServer.start(({ headers }, response) => {
      const start = startOf(headers.range)
      const rest = text.subarray(start)
      response.writeHead(206, { ...FACTS, 'content-range': contentRange(start), 'content-length': rest.length })
      if (start === 0) response.write(rest.subarray(0, 100))
      else response.end(rest)
    })
    const s3 = clientFor(server.url, { socketTimeoutMs: 300 })
    expect(await linesOf({ bucket: 'b', key: 'k' }, { s3 })).toEqual({ lines: plain(oracle(text)), error: undefined })
    expect(starts).toEqual([0, 100])
    s3.destroy()
  })

  test('if S3 is busy for longer than the SDK retries, the request is repeated later', async () => {
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

  test('after five requests in a row without a response, reading fails', async () => {
    const file = await buckets.put(text)
    const everyTryOfTheSdk = Array.from({ length: 15 }, () => 0)
    buckets.faults.cutBodiesAt = [100, ...everyTryOfTheSdk]
    const { lines, error } = await linesOf(file)
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNRESET') })
    expect(lines).toEqual(plain(oracle(text.subarray(0, text.lastIndexOf('\n', 99) + 1))))
    expect(starts).toEqual([0, 100, 100, 100, 100, 100])
    expect(buckets.faults.cutBodiesAt).toEqual([])
  })

  // Node takes the end of the connection for the end of a body without a content-length.
  test.each(['the connection ends', 'the body ends'])(
    'a body without a length that is too short is continued: %s',
    async (how) => {
      await using server = await StubServer.start(({ headers }, response) => {
        const start = startOf(headers.range)
        response.writeHead(206, {
          ...FACTS,
          'content-range': contentRange(start),
          ...(how === 'the connection ends' && { connection: 'close', 'transfer-encoding': 'identity' }),
        })
        response.end(text.subarray(start, start + 999))
      })
      const s3 = clientFor(server.url)
      const first = 1 + text.indexOf('\n')
      const result = await linesOf({ bucket: 'b', key: 'k' }, { range: { start: first }, firstLine: 2, s3 })
      expect(result).toEqual({ lines: plain(oracle(text).slice(1)), error: undefined })
      expect(starts).toEqual([first, first + 999, first + 1_998])
      s3.destroy()
    },
  )
})

describe('if the object changes while it is read, no line of another object is read', () => {
  const before = plain(oracle(text.subarray(0, text.lastIndexOf('\n', 999) + 1)))
  const all = plain(oracle(text))
  const replace = ({ versionId }: SourceFile) => buckets.put('newer\n'.repeat(1_000), { isVersioned: versionId !== undefined })
  const remove = (file: SourceFile) => buckets.remove(file)
  const hide = ({ versionId: _versionId, ...latest }: SourceFile) => buckets.remove(latest)

  // prettier-ignore
  test.each<[string, boolean, (file: SourceFile) => Promise<unknown>, unknown]>([
    //  it is                       with versioning     by          its lines
    [ 'replaced',                   false,              replace,    { lines: before, error: { name: 'VanishedFile', state: 'superseded' } } ],
    [ 'deleted',                    false,              remove,     { lines: before, error: { name: 'VanishedFile', state: 'gone' } } ],
    [ 'replaced',                   true,               replace,    { lines: all, error: undefined } ],
    [ 'hidden by a delete marker',  true,               hide,       { lines: all, error: undefined } ],
    [ 'deleted for good',           true,               remove,     { lines: before, error: { name: 'VanishedFile', state: 'gone' } } ],
  ])('%s; bucket with versioning: %j', async (_what, isVersioned, act, expected) => {
    const file = await buckets.put(text, { isVersioned })
    buckets.faults.cutBodyAt = 1_000
    expect(await linesOf(file, { clock: clockThat(() => act(file)) })).toMatchObject(expected as object)
  })

  test('even if the message contained no ETag and no version', async () => {
    const { bucket, key } = await buckets.put(text)
    buckets.faults.cutBodyAt = 1_000
    expect(await linesOf({ bucket, key }, { clock: clockThat(() => buckets.put('newer')) })).toMatchObject({
      lines: before,
      error: { name: 'VanishedFile', state: 'superseded' },
    })
  })
})
